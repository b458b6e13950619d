SELECT *
FROM ledger.topup_line
WHERE provider = $1
  AND provider_payment = $2
