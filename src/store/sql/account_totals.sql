SELECT last_seq, main, escrow, receivable, deposits, freezes > 0 OR receivable > 0 AS frozen
FROM ledger.account
WHERE account_id = $1
