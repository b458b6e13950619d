-- Every model that the account's clients used so far.
SELECT model
FROM ledger.usage_mark
WHERE account_id = $1
  AND until = $2
  AND model <> ''
  AND state = 0
UNION
SELECT DISTINCT model
FROM ledger.usage_hour
WHERE account_id = $1
  AND hour >= $2
ORDER BY model
