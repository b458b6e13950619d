UPDATE web.throttle
SET hits = trim_array(hits, 1)
WHERE scope = $1
  AND subject = $2
  AND cardinality(hits) > 0
