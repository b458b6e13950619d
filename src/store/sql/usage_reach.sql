SELECT r.until, r.seq, r.calls, r.marked, a.last_seq,
       -- Ops since the marks were made are settles but for these.
       (SELECT count(*)
        FROM ledger.journal j
        WHERE j.account_id = a.account_id AND j.seq > coalesce(r.seq, 0)) AS entries
FROM ledger.account a
LEFT JOIN ledger.usage_reach r USING (account_id)
WHERE a.account_id = $1
