SELECT *
FROM ledger.topup_line
WHERE account_id = $1
  AND attempt_key = $2
