SELECT k.key_id, k.account_id, k.status, k.paused, k.rpm_limit, k.concurrency_limit, k.ratio_cost, k.ratio_price,
       k.budget, k.funded, k.posted, k.refunded, k.spent_price,
       a.last_seq,
       (a.freezes > 0 OR a.receivable > 0) AS frozen
FROM ledger.client_key k
JOIN ledger.account a USING (account_id)
WHERE k.key_id = ANY ($1)
