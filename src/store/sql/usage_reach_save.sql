INSERT INTO ledger.usage_reach (account_id, until, seq, calls, marked, keys)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id) DO UPDATE SET
    until = excluded.until, seq = excluded.seq, calls = excluded.calls, marked = excluded.marked, keys = excluded.keys
