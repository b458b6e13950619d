SELECT k.key_id, k.label, k.status, k.paused, k.rpm_limit, k.concurrency_limit, k.ratio_cost, k.ratio_price,
       k.budget, k.funded, k.posted, k.refunded, k.spent_price, k.created_at,
       s.hint
FROM ledger.client_key k
LEFT JOIN LATERAL (
  SELECT hint
  FROM ledger.key_secret
  WHERE account_id = k.account_id AND key_id = k.key_id
  ORDER BY valid_until DESC NULLS FIRST
  LIMIT 1) s ON true
WHERE k.account_id = $1
  AND k.key_id = ANY($2)
