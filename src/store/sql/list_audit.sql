SELECT a.audit_id, a.at, a.actor_kind, a.action, a.object, a.detail, a.ip, a.user_agent, k.label
FROM web.audit a
-- Many acts are on a key of the account; what is no id is on something else.
LEFT JOIN ledger.client_key k
  ON k.account_id = a.account_id
  AND k.key_id = CASE WHEN a.object ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN a.object::uuid END
WHERE a.account_id = $1
  AND ($2::bigint IS NULL OR a.audit_id < $2)
ORDER BY a.audit_id DESC
LIMIT $3
