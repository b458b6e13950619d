INSERT INTO ledger.referral (referee_id, referrer_id)
SELECT $1, account_id
FROM web.reseller
WHERE referral_code = $2
  -- One's own address, with a plus tag or without, refers nobody.
  AND address_key <> $3
