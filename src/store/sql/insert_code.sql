INSERT INTO web.login_code (challenge_hash, purpose, address, session_id, code_digest, expires_at)
VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))
