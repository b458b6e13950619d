SELECT *
FROM ledger.refund_intent
WHERE topup_id = $1
  AND attempt = $2
  -- What certainly gave nothing back may be asked for anew.
  AND state NOT IN ('failed', 'refused')
