UPDATE ledger.topup
SET state = $3,
    reason = $4,
    received = $5
WHERE topup_id = $1
  -- Decided on this state; if another was faster, the decision is made anew.
  AND state = $2
  AND credited IS NULL
  AND closed_by IS NULL
