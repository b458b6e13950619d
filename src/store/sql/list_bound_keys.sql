SELECT b.key_id, b.name, b.bound_at, k.status, k.paused, k.rpm_limit, k.concurrency_limit, k.budget, k.spent_price,
       s.hint
FROM web.binding b
JOIN ledger.client_key k USING (key_id)
LEFT JOIN LATERAL (
  SELECT hint
  FROM ledger.key_secret
  WHERE account_id = k.account_id AND key_id = k.key_id
  ORDER BY valid_until DESC NULLS FIRST
  LIMIT 1) s ON true
WHERE b.user_id = $1
  AND ($2::uuid IS NULL OR b.key_id = $2)
-- Closed ones last: nothing is left to watch there.
ORDER BY k.status = 3, b.bound_at DESC, b.key_id
LIMIT 1000
