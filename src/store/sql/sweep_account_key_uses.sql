DELETE FROM web.account_key_use
WHERE last_at < clock_timestamp() - interval '90 days'
