-- Ids of lines of a key, onwards to older ones or back to newer ones. At most $9 calls are looked at.
(SELECT call_id
 FROM (
   SELECT call_id, model, outcome, flags
   FROM ledger.call
   WHERE $6
     AND key_id = $1
     AND ended_at >= $2
     AND ended_at < $3
     AND call_id >= $4
     AND call_id < $5
   ORDER BY call_id DESC
   LIMIT $9) near
 WHERE ($7::text IS NULL OR model = $7)
   AND ($8::smallint IS NULL OR ledger.line_state(outcome, flags) = $8)
 ORDER BY call_id DESC
 LIMIT $10)
UNION ALL
(SELECT call_id
 FROM (
   SELECT call_id, model, outcome, flags
   FROM ledger.call
   WHERE NOT $6
     AND key_id = $1
     AND ended_at >= $2
     AND ended_at < $3
     AND call_id >= $4
     AND call_id < $5
   ORDER BY call_id
   LIMIT $9) near
 WHERE ($7::text IS NULL OR model = $7)
   AND ($8::smallint IS NULL OR ledger.line_state(outcome, flags) = $8)
 ORDER BY call_id
 LIMIT $10)
