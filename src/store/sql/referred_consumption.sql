SELECT coalesce(sum(watermark), 0)::bigint
FROM ledger.referral
WHERE referrer_id = $1
