SELECT b.key_id, c.ended_at
FROM web.binding b
CROSS JOIN LATERAL (
  SELECT u.hour
  FROM ledger.usage_hour u
  WHERE u.key_id = b.key_id
  ORDER BY u.hour DESC
  LIMIT 1) h
CROSS JOIN LATERAL (
  SELECT l.ended_at
  FROM ledger.call l
  WHERE l.key_id = b.key_id
    -- The hour is that of the end, the id that of the start; without a bound every partition would be looked into.
    AND l.call_id >= ledger.uuid7_floor(h.hour - interval '1 day')
  ORDER BY l.call_id DESC
  LIMIT 1) c
WHERE b.user_id = $1
