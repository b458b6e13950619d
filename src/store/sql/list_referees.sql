SELECT r.referee_id, r.bound_at, r.watermark,
       -- The rest of the address stays here: a referrer is no party to its referees' accounts.
       left(p.address, 1) || '…@' || split_part(p.address, '@', 2) AS masked
FROM ledger.referral r
JOIN web.reseller p ON p.account_id = r.referee_id
WHERE r.referrer_id = $1
  -- After this one; the first page has none.
  AND ($2::timestamptz IS NULL OR (r.bound_at, r.referee_id) < ($2, $3::uuid))
ORDER BY r.bound_at DESC, r.referee_id DESC
LIMIT $4
