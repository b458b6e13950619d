-- Apart from what it is asked for: planned for all partitions of calls, and with nothing but ids to plan it by it is
-- planned once a session.
SELECT k.key_id, c.last_call
FROM unnest($1::uuid[]) AS k(key_id)
CROSS JOIN LATERAL (
  -- The rollup says in which hour; only that hour's calls are looked at.
  SELECT coalesce((
    SELECT max(ended_at)
    FROM ledger.call
    WHERE key_id = k.key_id
      AND call_id >= ledger.uuid7_floor(u.hour - interval '2 hours')
      AND call_id < ledger.uuid7_floor(u.hour + interval '1 hour')), u.hour) AS last_call
  FROM ledger.usage_hour u
  WHERE u.key_id = k.key_id
  ORDER BY u.hour DESC
  LIMIT 1) c
