SELECT *
FROM ledger.topup_line
WHERE topup_id = $1
  AND account_id = $2
