SELECT call_id, account_id, key_id, hold, model, at
FROM ledger.open_call
WHERE node_id = $1
  AND boot_id <> $2
ORDER BY call_id
