SELECT (credited_at AT TIME ZONE 'UTC')::date AS day, provider, count(*) AS orders, sum(credited)::bigint AS credited
FROM ledger.topup_line
WHERE credited_at >= $1
  AND credited_at < $2
GROUP BY 1, 2
ORDER BY 1, 2
