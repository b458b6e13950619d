UPDATE ledger.refund_intent
SET state = $2,
    outcome = $3
WHERE intent_id = $1
  AND state = 'asked'
