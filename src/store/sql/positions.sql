-- FOR UPDATE waits for a backend whose client is gone but whose commit still runs.
SELECT a.account_id, a.last_seq, s.epoch
FROM ledger.account a
JOIN ledger.shard s USING (shard_id)
WHERE a.account_id = ANY ($1)
ORDER BY a.account_id
FOR UPDATE OF a
