UPDATE ledger.take_back b
SET done_at = clock_timestamp(),
    seq = i.seq
FROM ledger.idempotency i
WHERE i.account_id = $1
  AND i.idem = b.op
  AND b.topup_id = $2
  AND b.op = $3
