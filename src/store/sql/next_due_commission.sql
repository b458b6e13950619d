SELECT c.commission_id, c.amount
FROM ledger.commission c
JOIN ledger.referral r ON r.referee_id = c.referee_id
JOIN ledger.account a ON a.account_id = c.referee_id
WHERE c.referrer_id = $1
  AND c.state = 'pending'
  AND c.due_at <= $2
  -- A fallen base first undoes lines, perhaps this one.
  AND least(a.consumed, greatest(a.deposits - a.reversals, 0)) >= r.watermark
ORDER BY c.due_at, c.base_from
LIMIT 1
