INSERT INTO ledger.redemption_code (code_id, digest, amount, note, expires_at)
VALUES ($1, $2, $3, $4, $5)
