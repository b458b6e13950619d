UPDATE web.binding
SET alert_80 = $3,
    alert_100 = $4
WHERE user_id = $1
  AND key_id = $2
  AND (alert_80, alert_100) IS DISTINCT FROM ($3, $4)
RETURNING true
