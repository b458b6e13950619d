SELECT count(*) FILTER (WHERE status <> 3) AS open,
       count(*) FILTER (WHERE status = 1 AND NOT paused) AS active,
       count(*) FILTER (WHERE status = 1 AND budget - spent_price <= budget / 5) AS low,
       count(*) FILTER (WHERE status = 3) AS deleted
FROM ledger.client_key
WHERE account_id = $1
