SELECT c.call_id, c.key_id, k.label, c.model, c.detail, c.input, c.output, c.cache_read, c.cache_write, c.price, c.cost,
       ledger.line_state(c.outcome, c.flags) AS state, c.started_at, c.ended_at
FROM (
  SELECT *
  FROM ledger.call
  WHERE account_id = $1
    AND ($2::uuid IS NULL OR key_id = $2)
    AND ($3::text IS NULL OR model = $3)
    AND ($4::smallint IS NULL OR ledger.line_state(outcome, flags) = $4)
    AND ended_at >= $5
    AND ended_at < $6
    -- Bounds on the id choose the partitions and are where a page goes on.
    AND call_id > $7
    AND call_id < $8
  ORDER BY call_id
  LIMIT $9) c
JOIN ledger.client_key k USING (key_id)
ORDER BY c.call_id DESC
