DELETE FROM web.mail
WHERE created_at < clock_timestamp() - interval '7 days'
