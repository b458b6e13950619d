INSERT INTO web.throttle AS t (scope, subject, hits)
VALUES ($1, $2, ARRAY[clock_timestamp()])
ON CONFLICT (scope, subject) DO UPDATE
SET hits = ARRAY(SELECT h FROM unnest(t.hits) h WHERE h > clock_timestamp() - make_interval(secs => $3)) || clock_timestamp()
-- The row is locked here, so of any number of parallel callers exactly the allowed number passes.
WHERE (SELECT count(*) FROM unnest(t.hits) h WHERE h > clock_timestamp() - make_interval(secs => $3)) < $4
RETURNING true
