SELECT *
FROM ledger.refund_intent
WHERE $1::uuid IS NULL
  OR account_id = $1
ORDER BY created_at DESC, intent_id
LIMIT $2
