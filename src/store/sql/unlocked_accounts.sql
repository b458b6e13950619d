-- Skips rows that a foreign session holds; what is missing from the answer is locked.
SELECT account_id
FROM ledger.account
WHERE account_id = ANY ($1)
FOR NO KEY UPDATE SKIP LOCKED
