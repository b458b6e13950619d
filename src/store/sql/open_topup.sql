INSERT INTO ledger.topup (topup_id, account_id, provider, requested, attempt_key, method)
VALUES ($1, $2, $3, $4, $5, $6)
-- The same attempt again: the update changes nothing and lets the row's id be returned.
ON CONFLICT (account_id, attempt_key) DO UPDATE
SET provider = ledger.topup.provider
RETURNING topup_id
