-- As find_unusual_lines, of one model: found along an index of its own, whatever plan the server keeps.
SELECT call_id
FROM (
  (SELECT call_id
   FROM ledger.usage_unusual
   WHERE $6
     AND account_id = $1
     AND state = $8
     AND ended_at >= $2
     AND ended_at < $3
     AND call_id >= $4
     AND call_id < $5
     AND model = $7
   ORDER BY call_id DESC
   LIMIT $10)
  UNION
  (SELECT call_id
   FROM ledger.usage_unusual
   WHERE NOT $6
     AND account_id = $1
     AND state = $8
     AND ended_at >= $2
     AND ended_at < $3
     AND call_id >= $4
     AND call_id < $5
     AND model = $7
   ORDER BY call_id
   LIMIT $10)
  UNION
  SELECT call_id
  FROM ledger.call
  WHERE account_id = $1
    AND ledger.line_state(outcome, flags) = $8
    AND ended_at >= $2
    AND ended_at < $3
    AND call_id >= greatest($4, $9)
    AND call_id < $5
    AND model = $7) found
ORDER BY CASE WHEN $6 THEN call_id END DESC, call_id
LIMIT $10
