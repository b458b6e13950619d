SELECT until, calls
FROM ledger.usage_mark
WHERE account_id = $1
  AND model = ''
  AND state = 0
ORDER BY until DESC
