SELECT op, kind, amount, done_at
FROM ledger.take_back
WHERE topup_id = $1
  AND done_at IS NOT NULL
ORDER BY planned_at, op
