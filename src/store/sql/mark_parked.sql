UPDATE ledger.topup
SET told_parked = $2
WHERE topup_id = $1
  AND told_parked IS DISTINCT FROM $2
RETURNING true
