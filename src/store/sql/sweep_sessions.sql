DELETE FROM web.session
WHERE last_seen_at < clock_timestamp() - interval '31 days'
   OR created_at < clock_timestamp() - interval '31 days'
