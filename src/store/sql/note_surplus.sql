UPDATE ledger.topup
SET received = $2
WHERE topup_id = $1
  AND credited < $2
  AND received IS DISTINCT FROM $2
