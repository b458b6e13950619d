SELECT alert_80, alert_100, sent_80_at, sent_100_at
FROM web.binding
WHERE user_id = $1
  AND key_id = $2
