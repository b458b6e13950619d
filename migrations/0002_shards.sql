-- Every shard exists from the start, owned by nobody; the running program takes them all.
INSERT INTO ledger.shard (shard_id)
SELECT generate_series(0, 4095);
