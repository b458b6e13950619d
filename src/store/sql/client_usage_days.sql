SELECT (hour AT TIME ZONE 'UTC')::date AS day, sum(calls)::bigint AS calls, sum(input)::bigint AS input,
       sum(output)::bigint AS output, sum(cache_read + cache_write)::bigint AS cache, sum(price)::bigint AS price
FROM ledger.usage_hour
WHERE key_id = $1
  AND hour >= $2
GROUP BY 1
ORDER BY 1
