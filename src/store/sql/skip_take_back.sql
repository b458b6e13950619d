UPDATE ledger.take_back
SET done_at = clock_timestamp()
WHERE topup_id = $1
  AND op = $2
