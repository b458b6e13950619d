SELECT model
FROM ledger.usage_hour
WHERE key_id = $1
  AND hour >= $2
GROUP BY model
ORDER BY model
LIMIT 200
