SELECT *
FROM ledger.topup_line
WHERE account_id = $1
  -- An order by hand is written down and credited in two steps; until the second it is nobody's news.
  AND (method IS NOT NULL OR credited IS NOT NULL)
ORDER BY created_at DESC, topup_id DESC
LIMIT $2
