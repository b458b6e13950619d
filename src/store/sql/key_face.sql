SELECT s.hint, p.portal_name, p.logo
FROM ledger.client_key k
LEFT JOIN LATERAL (
  SELECT hint
  FROM ledger.key_secret
  WHERE account_id = k.account_id AND key_id = k.key_id
  ORDER BY valid_until DESC NULLS FIRST
  LIMIT 1) s ON true
LEFT JOIN web.preference p USING (account_id)
WHERE k.key_id = $1
