UPDATE web.session
SET token_hash = $2,
    proved_at = clock_timestamp()
WHERE session_id = $1
RETURNING true
