INSERT INTO web.binding (user_id, key_id)
SELECT $1, key_id
FROM ledger.client_key
WHERE key_id = $2
  -- A key that is being deleted is bound by nobody new.
  AND status = 1
ON CONFLICT (user_id, key_id) DO UPDATE
SET bound_at = web.binding.bound_at
RETURNING true
