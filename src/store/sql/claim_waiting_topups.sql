UPDATE ledger.topup
SET looked_at = clock_timestamp()
WHERE topup_id IN (
  SELECT topup_id
  FROM ledger.topup
  WHERE state IN ('open', 'processing')
    AND provider_payment IS NOT NULL
    AND coalesce(looked_at, created_at) <= clock_timestamp() - make_interval(secs => $1)
  ORDER BY looked_at NULLS FIRST
  LIMIT $2
  FOR UPDATE SKIP LOCKED)
RETURNING topup_id
