INSERT INTO web.audit (actor_kind, actor_id, account_id, action, object, detail, request_id, ip, user_agent)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
