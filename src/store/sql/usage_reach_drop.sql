DELETE FROM ledger.usage_reach
WHERE account_id = $1
