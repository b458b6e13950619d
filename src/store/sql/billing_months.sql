SELECT date_trunc('month', day)::date AS month, kind, sum(entries)::bigint AS entries, sum(cost)::bigint AS cost,
       sum(price)::bigint AS price, sum(change)::bigint AS change, min(first_seq) AS first_seq, max(last_seq) AS last_seq
FROM ledger.journal_day
WHERE account_id = $1
GROUP BY 1, 2
ORDER BY 1, 2
