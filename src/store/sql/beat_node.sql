UPDATE ledger.node
SET last_seen = now()
WHERE node_id = $1 AND boot_id = $2
