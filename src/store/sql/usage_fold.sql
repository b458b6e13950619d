SELECT key_id, model, ledger.line_state(outcome, flags) AS state, count(*) AS calls, sum(input)::bigint AS input,
       sum(output)::bigint AS output, sum(cache_read)::bigint AS cache_read, sum(cache_write)::bigint AS cache_write,
       sum(cost)::bigint AS cost, sum(price)::bigint AS price
FROM ledger.call
WHERE account_id = $1
  AND ended_at >= $2
  AND ended_at < $3
  -- Ids are made when a call begins, so they choose the partitions; the caller knows how far it must look.
  AND call_id >= $4
  AND call_id < $5
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
