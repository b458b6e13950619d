SELECT c.call_id, c.key_id, k.label, c.model, c.detail, c.input, c.output, c.cache_read, c.cache_write, c.price, c.cost,
       ledger.line_state(c.outcome, c.flags) AS state, c.started_at, c.ended_at
FROM ledger.call c
JOIN ledger.client_key k USING (key_id)
WHERE c.account_id = $1
  AND c.call_id = $2
