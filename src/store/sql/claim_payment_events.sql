UPDATE ledger.payment_event
SET tries = tries + 1,
    -- A lease and a back-off in one: 5, 10, 20 … s, at most 10 min, until somebody tries again.
    next_try = clock_timestamp() + least(make_interval(secs => 5 * 2 ^ least(tries, 7)), interval '10 minutes')
WHERE (provider, event_id) IN (
  SELECT provider, event_id
  FROM ledger.payment_event
  WHERE done IS NULL
    AND next_try <= clock_timestamp()
  ORDER BY next_try
  LIMIT $1
  FOR UPDATE SKIP LOCKED)
RETURNING provider, event_id, provider_payment, kind_hint, tries
