INSERT INTO web.session (session_id, token_hash, site, account_id, user_id, user_agent)
VALUES ($1, $2, $3, $4, $5, $6)
