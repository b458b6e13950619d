SELECT account_id, key_id
FROM ledger.client_key
WHERE status = 2
ORDER BY key_id
