SELECT p.referral_code,
       (SELECT coalesce(sum(watermark), 0)::bigint FROM ledger.referral WHERE referrer_id = $1) AS referred,
       (SELECT count(*) FROM ledger.referral WHERE referrer_id = $1) AS referees,
       (SELECT coalesce(sum(amount), 0)::bigint
        FROM ledger.commission WHERE referrer_id = $1 AND state = 'pending') AS pending,
       (SELECT min(due_at) FROM ledger.commission WHERE referrer_id = $1 AND state = 'pending') AS due,
       (SELECT coalesce(sum(amount), 0)::bigint
        FROM ledger.commission WHERE referrer_id = $1 AND state = 'released') AS paid
FROM web.reseller p
WHERE p.account_id = $1
