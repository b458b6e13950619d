UPDATE ledger.refund_intent
SET sent_at = coalesce(sent_at, clock_timestamp())
WHERE intent_id = $1
  AND state = 'asked'
