INSERT INTO web.portal_user (user_id, address)
VALUES ($1, $2)
