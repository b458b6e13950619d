SELECT DISTINCT date_trunc('month', day)::date AS first
FROM ledger.journal_day
WHERE account_id = $1
ORDER BY first DESC
