SELECT code_id, amount, note, created_at, expires_at, revoked_at, account_id, claimed_at
FROM ledger.redemption_code
WHERE code_id = $1
