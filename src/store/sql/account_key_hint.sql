SELECT hint
FROM ledger.key_secret
WHERE account_id = $1
  AND key_id IS NULL
  AND (valid_until IS NULL OR valid_until > clock_timestamp())
ORDER BY valid_until DESC NULLS FIRST
LIMIT 1
