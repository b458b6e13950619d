SELECT referrer_id
FROM (
  SELECT r.referrer_id
  FROM ledger.referral r
  JOIN ledger.account a ON a.account_id = r.referee_id
  -- The base has fallen, or has grown by a step: domain/referral.rs.
  WHERE least(a.consumed, greatest(a.deposits - a.reversals, 0)) < r.watermark
     OR least(a.consumed, greatest(a.deposits - a.reversals, 0)) - r.watermark >= $2
  UNION
  SELECT referrer_id
  FROM ledger.commission
  WHERE state = 'pending'
    AND due_at <= $3) work
WHERE referrer_id > $1
ORDER BY referrer_id
LIMIT $4
