SELECT b.key_id, k.account_id
FROM web.binding b
JOIN ledger.client_key k USING (key_id)
WHERE b.key_id = $1
  AND b.user_id = $2
