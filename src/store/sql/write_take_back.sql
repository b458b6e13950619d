INSERT INTO ledger.take_back (topup_id, op, kind, amount)
VALUES ($1, $2, $3, $4)
ON CONFLICT (topup_id, op) DO NOTHING
