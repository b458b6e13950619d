UPDATE ledger.redemption_code
SET revoked_at = coalesce(revoked_at, clock_timestamp())
WHERE code_id = $1
  AND claimed_at IS NULL
