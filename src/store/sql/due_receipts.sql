SELECT t.topup_id, t.method, t.credited, coalesce(j.at, t.created_at) AS credited_at, r.address
FROM ledger.topup t
LEFT JOIN ledger.journal j ON j.account_id = t.account_id AND j.seq = t.credited_seq
-- An account that no person signs in to has nobody to write to.
LEFT JOIN web.reseller r ON r.account_id = t.account_id
WHERE t.credited IS NOT NULL
  AND t.receipted_at IS NULL
ORDER BY t.topup_id
LIMIT $1
