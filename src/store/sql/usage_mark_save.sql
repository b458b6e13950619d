INSERT INTO ledger.usage_mark (account_id, until, model, state, calls, input, output, cache_read, cache_write, cost, price,
                               key_calls, key_tokens, key_cost, key_price)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
