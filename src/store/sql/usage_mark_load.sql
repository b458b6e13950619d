SELECT model, state, calls, input, output, cache_read, cache_write, cost, price, key_calls, key_tokens, key_cost, key_price
FROM ledger.usage_mark
WHERE account_id = $1
  AND until = $2
