DELETE FROM web.session
WHERE session_id = $1
  AND site = $2
  AND (account_id = $3 OR user_id = $3)
