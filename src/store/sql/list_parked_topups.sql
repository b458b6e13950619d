SELECT *
FROM ledger.topup_line
WHERE state = 'parked'
ORDER BY created_at
LIMIT $1
