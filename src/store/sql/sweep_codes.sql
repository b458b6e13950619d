DELETE FROM web.login_code
WHERE expires_at < clock_timestamp() - interval '1 day'
