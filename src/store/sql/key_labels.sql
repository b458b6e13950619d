SELECT key_id, label
FROM ledger.client_key
WHERE account_id = $1
  AND key_id = ANY ($2)
