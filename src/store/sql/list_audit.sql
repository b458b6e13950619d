SELECT audit_id, at, actor_kind, action, object, detail, ip, user_agent
FROM web.audit
WHERE account_id = $1
  AND ($2::bigint IS NULL OR audit_id < $2)
ORDER BY audit_id DESC
LIMIT $3
