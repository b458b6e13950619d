UPDATE ledger.redemption_code
SET credited_at = clock_timestamp()
WHERE code_id = $1
  AND credited_at IS NULL
