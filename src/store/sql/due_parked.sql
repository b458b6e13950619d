SELECT t.topup_id, t.requested, t.received, concat_ws(':', t.reason, t.received) AS news, r.address
FROM ledger.topup t
LEFT JOIN web.reseller r USING (account_id)
WHERE t.state = 'parked'
  AND t.told_parked IS DISTINCT FROM concat_ws(':', t.reason, t.received)
ORDER BY t.topup_id
LIMIT $1
