INSERT INTO ledger.refund_intent (intent_id, topup_id, account_id, attempt, request_hash, amount, reason, approved_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
