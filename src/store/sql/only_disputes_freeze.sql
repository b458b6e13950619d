SELECT a.freezes > 0
  AND a.freezes <= (
    SELECT count(*)
    FROM ledger.take_back f
    JOIN ledger.topup t USING (topup_id)
    WHERE t.account_id = a.account_id
      AND f.kind = 'freeze'
      -- A step that the books had no need of froze nothing.
      AND f.seq IS NOT NULL
      AND NOT EXISTS (
        SELECT
        FROM ledger.take_back e
        WHERE e.topup_id = f.topup_id
          AND e.op = regexp_replace(f.op, 'freeze$', 'thaw')
          AND e.done_at IS NOT NULL))
FROM ledger.account a
WHERE a.account_id = $1
