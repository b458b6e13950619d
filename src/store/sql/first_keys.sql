SELECT key_id, label
FROM ledger.client_key
WHERE account_id = $1
LIMIT $2
