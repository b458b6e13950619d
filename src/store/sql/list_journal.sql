SELECT seq, kind, key_id, cost, price, owed, at,
       detail->>'reason' AS reason,
       -- What main gained or lost: the part beyond debt comes in, the part beyond debt goes out.
       CASE WHEN kind IN (1, 3, 5, 10, 14) THEN cost - owed
            WHEN kind IN (2, 4, 6) THEN owed - cost
            WHEN kind IN (7, 8) THEN -cost
            ELSE 0 END AS change
FROM ledger.journal
WHERE account_id = $1
  AND ($2::bigint IS NULL OR seq < $2)
ORDER BY seq DESC
LIMIT $3
