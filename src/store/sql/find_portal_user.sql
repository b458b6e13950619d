SELECT user_id
FROM web.portal_user
WHERE address = $1
