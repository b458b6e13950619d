-- One row of columns, a place an hour and model of a key: thousands of them are read faster so.
SELECT array_agg(key_id) AS keys, array_agg(calls) AS calls, array_agg(input + output + cache_read + cache_write) AS tokens,
       array_agg(cost) AS cost, array_agg(price) AS price
FROM ledger.usage_hour
WHERE account_id = $1
  AND hour >= $2
  AND hour < $3
  AND ($4::text IS NULL OR model = $4)
