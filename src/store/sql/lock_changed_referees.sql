SELECT r.referee_id, least(a.consumed, greatest(a.deposits - a.reversals, 0)) AS base, r.watermark
FROM ledger.referral r
JOIN ledger.account a ON a.account_id = r.referee_id
WHERE r.referrer_id = $1
  AND (least(a.consumed, greatest(a.deposits - a.reversals, 0)) < r.watermark
    OR least(a.consumed, greatest(a.deposits - a.reversals, 0)) - r.watermark >= $2)
ORDER BY r.referee_id
LIMIT $3
FOR UPDATE OF r
