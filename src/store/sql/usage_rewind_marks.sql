DELETE FROM ledger.usage_mark
WHERE account_id = $1
  AND until > $2
