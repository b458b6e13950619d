SELECT c.commission_id, c.accrued_at, c.due_at, c.base_to - c.base_from AS length, c.amount, c.state,
       left(p.address, 1) || '…@' || split_part(p.address, '@', 2) AS masked
FROM ledger.commission c
JOIN web.reseller p ON p.account_id = c.referee_id
WHERE c.referrer_id = $1
  -- Ids are made in the order of the lines; the first page has none.
  AND ($2::uuid IS NULL OR c.commission_id < $2)
ORDER BY c.commission_id DESC
LIMIT $3
