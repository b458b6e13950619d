SELECT a.account_id
FROM ledger.account a
LEFT JOIN ledger.usage_reach r USING (account_id)
-- Else every call is in a mark: nothing can have become due.
WHERE (a.last_seq > coalesce(r.seq, 0) OR r.calls > r.marked)
  AND EXISTS (
    SELECT 1
    FROM ledger.usage_hour u
    WHERE u.account_id = a.account_id AND u.hour >= coalesce(r.until, '-infinity') AND u.hour < $1)
