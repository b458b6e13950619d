DELETE FROM web.throttle
-- The longest window is a day.
WHERE cardinality(hits) = 0
   OR hits[cardinality(hits)] < clock_timestamp() - interval '1 day'
