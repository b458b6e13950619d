SELECT key_id
FROM ledger.client_key
WHERE key_id > $1
ORDER BY key_id
LIMIT $2
