UPDATE ledger.shard
SET owner_node = $1, epoch = epoch + 1
RETURNING shard_id, epoch
