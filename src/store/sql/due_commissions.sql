-- $1 and $2: the first day of the month and of the next one, UTC. A line is of the month it was earned in or paid in.
SELECT l.referrer_id, r.address, l.earned, l.paid, l.pending
FROM (
  SELECT c.referrer_id,
         coalesce(sum(c.amount) FILTER (WHERE c.accrued_at >= $1 AND c.accrued_at < $2), 0)::bigint AS earned,
         coalesce(sum(c.amount) FILTER (WHERE j.at >= $1 AND j.at < $2), 0)::bigint AS paid,
         coalesce(sum(c.amount) FILTER (WHERE c.state = 'pending' AND c.accrued_at < $2), 0)::bigint AS pending
  FROM ledger.commission c
  LEFT JOIN ledger.journal j ON j.account_id = c.referrer_id AND j.seq = c.seq
  WHERE c.amount > 0
    AND (c.accrued_at >= $1 AND c.accrued_at < $2 OR j.at >= $1 AND j.at < $2)
  GROUP BY c.referrer_id) l
JOIN web.reseller r ON r.account_id = l.referrer_id
-- Months that ended before there were such mails are no news.
WHERE $2 > (SELECT at FROM web.news_since)
  AND NOT EXISTS (SELECT FROM web.told t WHERE t.what = 'commission:' || l.referrer_id || ':' || $3)
ORDER BY l.referrer_id
LIMIT $4
