INSERT INTO ledger.node (node_id, boot_id, address)
VALUES ($1, $2, $3)
ON CONFLICT (node_id) DO UPDATE
SET boot_id = excluded.boot_id, address = excluded.address, last_seen = now()
