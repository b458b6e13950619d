UPDATE web.binding
SET name = $3
WHERE user_id = $1
  AND key_id = $2
RETURNING true
