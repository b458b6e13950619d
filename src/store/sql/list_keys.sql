SELECT k.key_id, k.label, k.status, k.paused, k.rpm_limit, k.concurrency_limit, k.ratio_cost, k.ratio_price,
       k.budget, k.funded, k.posted, k.refunded, k.spent_price, k.created_at,
       s.hint
FROM ledger.client_key k
-- The secret that lives longest is the current one; a rotation's grace leaves another beside it.
LEFT JOIN LATERAL (
  SELECT hint
  FROM ledger.key_secret
  WHERE account_id = k.account_id AND key_id = k.key_id
  ORDER BY valid_until DESC NULLS FIRST
  LIMIT 1) s ON true
WHERE k.account_id = $1
  AND (k.status = 3) = $2
  AND ($3::uuid IS NULL OR k.key_id < $3)
ORDER BY k.key_id DESC
LIMIT $4
