SELECT (accrued_at AT TIME ZONE 'UTC')::date AS day, sum(amount)::bigint AS amount, sum(base_to - base_from)::bigint AS length
FROM ledger.commission
WHERE referrer_id = $1
  AND accrued_at >= $2
  AND state IN ('pending', 'released', 'nil')
GROUP BY 1
ORDER BY 1
