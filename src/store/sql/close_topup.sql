UPDATE ledger.topup
SET state = 'failed',
    closed_by = $2
WHERE topup_id = $1
  AND state = 'parked'
  AND credited IS NULL
