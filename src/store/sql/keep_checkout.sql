UPDATE ledger.topup
SET provider_payment = $2,
    checkout_url = $3,
    expires_at = $4,
    state = 'open',
    looked_at = clock_timestamp()
WHERE topup_id = $1
  -- A repeat brings the same checkout; an order that was given up meanwhile stays given up.
  AND state = 'created'
