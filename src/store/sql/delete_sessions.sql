DELETE FROM web.session
WHERE site = $1
  AND (account_id = $2 OR user_id = $2)
