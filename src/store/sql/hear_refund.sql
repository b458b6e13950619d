UPDATE ledger.refund_intent
SET state = $3,
    provider_refund = $4,
    outcome = NULL
WHERE intent_id = $1
  AND topup_id = $2
  AND state <> $3
  -- What came back stays so; what is in the books may still come back.
  AND CASE state WHEN 'done' THEN $3 = 'failed' ELSE state IN ('asked', 'accepted') END
