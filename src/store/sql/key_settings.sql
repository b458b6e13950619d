SELECT paused, rpm_limit, concurrency_limit
FROM ledger.client_key
WHERE account_id = $1
  AND key_id = $2
