-- What a dead program had begun is due at once.
UPDATE ledger.refund_intent
SET next_try = clock_timestamp()
WHERE state IN ('asked', 'accepted')
