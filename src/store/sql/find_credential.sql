SELECT account_id, key_id, valid_until
FROM ledger.key_secret
WHERE secret_hash = $1
