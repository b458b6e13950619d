SELECT *
FROM ledger.refund_intent
WHERE intent_id = $1
