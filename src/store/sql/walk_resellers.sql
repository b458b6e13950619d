SELECT account_id
FROM web.reseller
WHERE account_id > $1
ORDER BY account_id
LIMIT $2
