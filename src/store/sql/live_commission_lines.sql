SELECT commission_id, base_to - base_from AS length, amount, state
FROM ledger.commission
WHERE referee_id = $1
  AND state IN ('pending', 'released', 'nil')
-- Live lines lie end to end, so the newest begins furthest up.
ORDER BY base_from DESC
LIMIT $2
