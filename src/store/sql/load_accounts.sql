SELECT account_id, last_seq, main, receivable, deposits, granted, reversals, freezes
FROM ledger.account
WHERE account_id = ANY ($1)
