-- One row of columns: thousands of keys are read faster so.
SELECT array_agg(key_id) AS keys, array_agg(calls) AS calls, array_agg(tokens) AS tokens, array_agg(cost) AS cost,
       array_agg(price) AS price
FROM (
  SELECT key_id, sum(calls)::bigint AS calls, sum(input + output + cache_read + cache_write)::bigint AS tokens,
         sum(cost)::bigint AS cost, sum(price)::bigint AS price
  FROM ledger.usage_hour
  WHERE account_id = $1
    AND hour >= $2
    AND hour < $3
    AND ($4::text IS NULL OR model = $4)
  GROUP BY key_id) by_key
