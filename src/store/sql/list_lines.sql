SELECT call_id, key_id, model, input, output, cache_read, cache_write, price, cost, outcome, flags, started_at, ended_at
FROM ledger.call
WHERE account_id = $1
  AND ($2::uuid IS NULL OR key_id = $2)
  -- Bounds on the id, not on a time: they choose the partitions.
  AND call_id >= ledger.uuid7_floor(coalesce($3, now() - interval '30 days'))
  AND ($4::timestamptz IS NULL OR call_id < ledger.uuid7_floor($4))
  AND ($5::text IS NULL OR model = $5)
  AND ($6::uuid IS NULL OR call_id < $6)
ORDER BY call_id DESC
LIMIT $7
