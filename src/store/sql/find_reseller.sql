SELECT account_id
FROM web.reseller
WHERE address = $1
