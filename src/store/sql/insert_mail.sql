INSERT INTO web.mail (mail_id, dedup_key, recipient, subject, text_body, html_body, challenge_hash, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + make_interval(secs => $8))
ON CONFLICT (dedup_key) DO NOTHING
