UPDATE ledger.refund_intent
SET outcome = $2,
    next_try = clock_timestamp() + least(make_interval(secs => 5 * 2 ^ least(tries, 10)), interval '1 hour')
WHERE intent_id = $1
  AND state IN ('asked', 'accepted')
