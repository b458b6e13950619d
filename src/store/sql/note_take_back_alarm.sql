INSERT INTO ledger.take_back_alarm (topup_id, op, why)
VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
