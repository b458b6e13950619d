SELECT coalesce(sum(calls), 0)::bigint
FROM ledger.usage_hour
WHERE account_id = $1
  AND hour >= $2
