SELECT width_bucket(hour, $2::timestamptz[]) AS step, model, sum(calls)::bigint AS calls, sum(input)::bigint AS input,
       sum(output)::bigint AS output, sum(cache_read)::bigint AS cache_read, sum(cache_write)::bigint AS cache_write,
       sum(cost)::bigint AS cost, sum(price)::bigint AS price
FROM ledger.usage_hour
WHERE key_id = $1
  AND hour >= $3
  AND hour < $4
GROUP BY 1, 2
