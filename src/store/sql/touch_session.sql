UPDATE web.session
SET last_seen_at = clock_timestamp()
WHERE session_id = $1
