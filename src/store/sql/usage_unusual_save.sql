INSERT INTO ledger.usage_unusual (account_id, state, call_id, key_id, model, ended_at, input, output, cache_read, cache_write,
                                  cost, price)
SELECT account_id, ledger.line_state(outcome, flags), call_id, key_id, model, ended_at, input, output, cache_read, cache_write,
       cost, price
FROM ledger.call
WHERE account_id = $1
  AND ended_at >= $2
  AND ended_at < $3
  AND call_id >= $4
  AND call_id < $5
  AND ledger.line_state(outcome, flags) <> 1
