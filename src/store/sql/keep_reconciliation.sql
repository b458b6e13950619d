INSERT INTO ledger.reconciliation (run_id, from_at, until_at, gross, differences)
VALUES ($1, $2, $3, $4, $5)
