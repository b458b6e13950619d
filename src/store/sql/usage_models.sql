-- Every model that the account's clients used so far: in the last mark, and in the hours since.
WITH reach AS MATERIALIZED (
  SELECT until
  FROM ledger.usage_reach
  WHERE account_id = $1
)
SELECT model
FROM ledger.usage_mark
WHERE account_id = $1
  AND until = (SELECT until FROM reach)
  AND model <> ''
  AND state = 0
UNION
SELECT DISTINCT model
FROM ledger.usage_hour
WHERE account_id = $1
  AND hour >= coalesce((SELECT until FROM reach), '-infinity')
ORDER BY model
