SELECT min(hour)
FROM ledger.usage_hour
WHERE account_id = $1
  AND hour >= $2
  AND hour < $3
