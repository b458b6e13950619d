UPDATE ledger.refund_intent
SET tries = tries + 1,
    -- A lease: who claimed it says when it is tried next.
    next_try = clock_timestamp() + interval '1 minute'
WHERE intent_id IN (
  SELECT intent_id
  FROM ledger.refund_intent
  WHERE state IN ('asked', 'accepted')
    AND next_try <= clock_timestamp()
  ORDER BY next_try
  LIMIT $1
  FOR UPDATE SKIP LOCKED)
RETURNING intent_id
