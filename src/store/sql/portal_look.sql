SELECT p.portal_name, p.logo
FROM web.binding b
JOIN ledger.client_key k USING (key_id)
JOIN web.preference p USING (account_id)
WHERE b.user_id = $1
  AND b.key_id = $2
