SELECT c.call_id, c.key_id, c.model, c.input, c.output, c.cache_read, c.cache_write, c.price, c.cost, c.outcome, c.flags,
       c.started_at, c.ended_at, c.detail->>'requested' AS requested, k.label
FROM ledger.call c
JOIN ledger.client_key k USING (key_id)
WHERE c.account_id = $1
  AND c.call_id = ANY ($2)
ORDER BY c.call_id DESC
