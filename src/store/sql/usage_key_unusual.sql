SELECT width_bucket(ended_at, $2::timestamptz[]) AS step, model, count(*) AS calls, sum(input)::bigint AS input,
       sum(output)::bigint AS output, sum(cache_read)::bigint AS cache_read, sum(cache_write)::bigint AS cache_write,
       sum(cost)::bigint AS cost, sum(price)::bigint AS price
FROM ledger.usage_unusual
WHERE key_id = $1
  AND ended_at >= $3
  AND ended_at < $4
  AND state = ANY ($5)
GROUP BY 1, 2
