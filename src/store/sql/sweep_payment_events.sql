DELETE FROM ledger.payment_event
WHERE done IS NOT NULL
  AND received < clock_timestamp() - interval '90 days'
