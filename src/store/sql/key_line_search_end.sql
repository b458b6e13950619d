SELECT call_id
FROM ledger.call
WHERE key_id = $1
  AND ended_at >= $2
  AND ended_at < $3
  AND call_id >= $4
  AND call_id < $5
ORDER BY call_id DESC
OFFSET $6
LIMIT 1
