-- Step 0 lies before the first edge, the one after the last step behind the last.
SELECT width_bucket(hour, $3::timestamptz[]) AS step, model, sum(calls)::bigint AS calls, sum(input)::bigint AS input,
       sum(output)::bigint AS output, sum(cache_read)::bigint AS cache_read, sum(cache_write)::bigint AS cache_write,
       sum(cost)::bigint AS cost, sum(price)::bigint AS price
FROM ledger.usage_hour
WHERE account_id = $1
  AND hour >= $2
GROUP BY 1, 2
