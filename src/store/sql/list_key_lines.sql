SELECT call_id, key_id, model, input, output, cache_read, cache_write, price, cost, outcome, flags, started_at, ended_at
FROM ledger.call
WHERE key_id = $1
  -- Bounds on the id, not on a time: they choose the partitions.
  AND call_id >= ledger.uuid7_floor(coalesce($2, now() - interval '30 days'))
  AND ($3::timestamptz IS NULL OR call_id < ledger.uuid7_floor($3))
  AND ($4::text IS NULL OR model = $4)
  AND ($5::uuid IS NULL OR call_id < $5)
ORDER BY call_id DESC
LIMIT $6
