INSERT INTO ledger.account (account_id, shard_id)
VALUES ($1, $2)
ON CONFLICT (account_id) DO NOTHING
