SELECT seq, cost, price, outcome
FROM ledger.call
WHERE call_id = $1
