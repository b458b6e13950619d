SELECT j.account_id, j.seq, j.kind, j.cost, j.owed, j.at, r.address
FROM ledger.journal j
JOIN web.reseller r USING (account_id)
WHERE j.kind IN (2, 12)
  -- What nobody could be told of for a month is no news any more.
  AND j.at > greatest((SELECT at FROM web.news_since), clock_timestamp() - interval '30 days')
  AND NOT EXISTS (SELECT FROM web.told t WHERE t.what = 'op:' || j.account_id || ':' || j.seq)
ORDER BY j.at
LIMIT $1
