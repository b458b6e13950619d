UPDATE ledger.payment_event
SET outcome = $3,
    done = CASE WHEN $4 THEN clock_timestamp() END
WHERE provider = $1
  AND event_id = $2
  AND done IS NULL
