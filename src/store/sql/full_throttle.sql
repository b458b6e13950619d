SELECT count(*) >= $4
FROM web.throttle t, unnest(t.hits) h
WHERE t.scope = $1
  AND t.subject = $2
  AND h > clock_timestamp() - make_interval(secs => $3)
