SELECT count(*)
FROM ledger.topup
WHERE account_id = $1
  AND state IN ('created', 'open', 'processing')
  AND method IS NOT NULL
