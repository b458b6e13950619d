UPDATE ledger.topup
SET state = $2
WHERE topup_id = $1
  AND credited IS NOT NULL
