DELETE FROM web.binding
WHERE user_id = $1
  AND key_id = $2
RETURNING true
