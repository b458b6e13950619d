-- The provider never answered, so nobody was given a place to pay at.
UPDATE ledger.topup
SET state = 'failed',
    reason = 'not_started'
WHERE state = 'created'
  AND method IS NOT NULL
  AND created_at <= clock_timestamp() - make_interval(secs => $1)
