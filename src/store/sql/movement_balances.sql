WITH top AS (
  -- The balance after the newest movement: whole days before its day, then its day up to it.
  SELECT (SELECT coalesce(sum(b.change), 0)
          FROM ledger.journal_day b
          WHERE b.account_id = $1 AND b.day < d.day)
       + (SELECT coalesce(sum(ledger.main_change(j.kind, j.cost, j.owed)), 0)
          FROM ledger.journal j
          WHERE j.account_id = $1 AND j.seq BETWEEN d.first_seq AND $3) AS balance
  FROM (SELECT day, min(first_seq) AS first_seq
        FROM ledger.journal_day
        WHERE account_id = $1 AND first_seq <= $3
        GROUP BY day
        ORDER BY day DESC
        LIMIT 1) d
), span AS (
  -- Every kind counts, whichever of them are listed.
  SELECT seq, sum(change) OVER (ORDER BY seq DESC) - change AS newer
  FROM (SELECT seq, ledger.main_change(kind, cost, owed) AS change
        FROM ledger.journal
        WHERE account_id = $1 AND seq BETWEEN $2 AND $3) m
)
SELECT span.seq, (top.balance - span.newer)::bigint AS balance
FROM span, top
WHERE span.seq = ANY ($4)
