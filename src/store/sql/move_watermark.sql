UPDATE ledger.referral
SET watermark = watermark + $2
WHERE referee_id = $1
