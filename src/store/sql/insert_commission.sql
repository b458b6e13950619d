INSERT INTO ledger.commission (commission_id, referrer_id, referee_id, base_from, base_to, tier_from, tier_to, margin_bp,
  amount, state, accrued_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
