-- As usage_marks_at, by key; figures that are not asked for are not read. Vectors go as bytes: there are thousands of
-- figures in each, and reading them one by one takes longer than everything else.
SELECT e.place, m.state, array_send(m.key_calls) AS key_calls,
       CASE WHEN $5 THEN array_send(m.key_tokens) END AS key_tokens,
       CASE WHEN $6 THEN array_send(m.key_cost) END AS key_cost,
       CASE WHEN $7 THEN array_send(m.key_price) END AS key_price
FROM unnest($2::timestamptz[]) WITH ORDINALITY AS e(edge, place)
CROSS JOIN LATERAL (
  SELECT until
  FROM ledger.usage_mark
  WHERE account_id = $1 AND until <= e.edge
  ORDER BY until DESC
  LIMIT 1) last
JOIN ledger.usage_mark m ON m.account_id = $1 AND m.until = last.until
WHERE m.model = $3
  AND m.state = ANY ($4)
