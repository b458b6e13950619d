SELECT seq, cost, price
FROM ledger.call
WHERE call_id = $1
