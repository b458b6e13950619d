-- The newest keys, and one that must be among them.
SELECT key_id, label
FROM (
  (SELECT key_id, label
   FROM ledger.client_key
   WHERE account_id = $1
   ORDER BY key_id DESC
   LIMIT $2)
  UNION
  SELECT key_id, label
  FROM ledger.client_key
  WHERE account_id = $1
    AND key_id = $3) named
ORDER BY key_id DESC
