SELECT key_id, status = 3
FROM ledger.client_key
WHERE key_id = $1
  AND account_id = $2
