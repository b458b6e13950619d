SELECT ledger.open_account($1, $2)
