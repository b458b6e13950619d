SELECT op, kind, amount
FROM ledger.take_back
WHERE topup_id = $1
  AND done_at IS NULL
ORDER BY planned_at, op
