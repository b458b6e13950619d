SELECT b.key_id, k.account_id
FROM web.binding b
JOIN ledger.client_key k USING (key_id)
WHERE b.user_id = $1
ORDER BY b.bound_at DESC, b.key_id
LIMIT 1000
