UPDATE ledger.topup
SET receipted_at = clock_timestamp()
WHERE topup_id = $1
  AND receipted_at IS NULL
RETURNING true
