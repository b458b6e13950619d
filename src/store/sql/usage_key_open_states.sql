SELECT state, width_bucket(ended_at, $4::timestamptz[]) AS step, model, count(*) AS calls, sum(input)::bigint AS input,
       sum(output)::bigint AS output, sum(cache_read)::bigint AS cache_read, sum(cache_write)::bigint AS cache_write,
       sum(cost)::bigint AS cost, sum(price)::bigint AS price
FROM (
  SELECT ledger.line_state(outcome, flags) AS state, ended_at, model, input, output, cache_read, cache_write, cost, price
  FROM ledger.call
  WHERE key_id = $1
    AND ended_at >= $2
    AND call_id >= $3) ended
GROUP BY 1, 2, 3
