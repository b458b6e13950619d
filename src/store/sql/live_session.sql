SELECT true
FROM web.session
WHERE session_id = $1
  AND last_seen_at > clock_timestamp() - make_interval(secs => $2)
  AND created_at > clock_timestamp() - make_interval(secs => $3)
