SELECT topup_id
FROM ledger.topup
WHERE provider = $1
  AND provider_payment IS NOT NULL
  AND created_at >= $2
  AND created_at < $3
ORDER BY created_at, topup_id
