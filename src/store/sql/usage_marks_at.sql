-- At each edge the sums up to it: those of the last mark at or before it.
SELECT e.place, m.model, m.state, m.calls, m.input, m.output, m.cache_read, m.cache_write, m.cost, m.price
FROM unnest($2::timestamptz[]) WITH ORDINALITY AS e(edge, place)
CROSS JOIN LATERAL (
  SELECT until
  FROM ledger.usage_mark
  WHERE account_id = $1 AND until <= e.edge
  ORDER BY until DESC
  LIMIT 1) last
JOIN ledger.usage_mark m ON m.account_id = $1 AND m.until = last.until
WHERE m.model <> ''
  AND ($3::text IS NULL OR m.model = $3)
  AND m.state = ANY ($4)
