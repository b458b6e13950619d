SELECT ledger.replace_secret($1, $2, $3, $4, $5, make_interval(secs => $6))
