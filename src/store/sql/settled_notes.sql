DELETE FROM ledger.open_call
-- One probe of the index for each note: the table of calls is large, that of notes is not.
WHERE call_id = ANY(ARRAY(
  SELECT call_id
  FROM ledger.call
  WHERE call_id = ANY(ARRAY(
    SELECT call_id
    FROM ledger.open_call
    WHERE node_id = $1))))
