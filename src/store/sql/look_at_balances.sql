SELECT r.account_id, r.address, a.main, a.deposits - a.reversals + a.granted AS paid_in, p.low_below,
       m.account_id IS NOT NULL AS seen, m.told, m.told_at <= clock_timestamp() - interval '24 hours' AS a_day_ago,
       coalesce(m.nth, 0) AS nth
FROM web.reseller r
JOIN ledger.account a USING (account_id)
LEFT JOIN web.preference p USING (account_id)
LEFT JOIN web.balance_mark m USING (account_id)
WHERE r.account_id = ANY ($1)
  -- No row of preferences: the alert is on.
  AND coalesce(p.low_on, true)
