UPDATE web.binding
SET sent_80_at = CASE WHEN $3 = 80 THEN clock_timestamp() ELSE sent_80_at END,
    sent_100_at = CASE WHEN $3 = 100 THEN clock_timestamp() ELSE sent_100_at END
WHERE user_id = $1
  AND key_id = $2
  -- Switched off meanwhile: no mail.
  AND CASE WHEN $3 = 80 THEN alert_80 ELSE alert_100 END
RETURNING true
