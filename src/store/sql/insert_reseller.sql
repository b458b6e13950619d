INSERT INTO web.reseller (account_id, address, address_key)
VALUES ($1, $2, $3)
