SELECT b.user_id, b.name, b.alert_80, b.alert_100, u.address
FROM web.binding b
JOIN web.portal_user u USING (user_id)
WHERE b.key_id = $1
  AND (b.alert_80 OR b.alert_100)
ORDER BY b.bound_at
LIMIT 1000
