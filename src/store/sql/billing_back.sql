-- Newest first: each balance is the one before it in the list less that one's change, from the balance $4 after $2 on.
SELECT e.*, e.detail->>'reason' AS reason, (e.detail->>'topup_id')::uuid AS topup_id, k.label
FROM (
  SELECT seq, kind, key_id, cost, price, owed, change, after, at, detail
  FROM (
    SELECT seq, kind, key_id, cost, price, owed, at, detail,
           ledger.main_change(kind, cost, owed) AS change,
           ($4 - coalesce(sum(ledger.main_change(kind, cost, owed))
                            OVER (ORDER BY seq DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))::bigint AS after
    FROM ledger.journal
    WHERE account_id = $1
      AND seq <= $2
      AND seq >= $3) running
  WHERE $5::smallint[] IS NULL OR kind = ANY ($5)
  ORDER BY seq DESC
  LIMIT $6) e
LEFT JOIN ledger.client_key k USING (key_id)
ORDER BY e.seq DESC
