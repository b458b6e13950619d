UPDATE ledger.redemption_code
SET account_id = $2,
    -- The same account again: the update changes nothing and lets its claim be returned.
    claimed_at = coalesce(claimed_at, clock_timestamp())
WHERE digest = $1
  AND (account_id = $2
    OR account_id IS NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3))
RETURNING code_id, account_id, amount, credited_at IS NOT NULL AS is_credited
