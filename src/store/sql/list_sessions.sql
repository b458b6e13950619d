SELECT session_id, created_at, last_seen_at, user_agent
FROM web.session
WHERE site = $1
  -- One of the two is set, by the table's own rule.
  AND (account_id = $2 OR user_id = $2)
  AND last_seen_at > clock_timestamp() - make_interval(secs => $3)
  AND created_at > clock_timestamp() - make_interval(secs => $4)
ORDER BY last_seen_at DESC
LIMIT 100
