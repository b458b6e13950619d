UPDATE ledger.commission
SET state = 'withheld'
WHERE commission_id = $1
  AND state IN ('pending', 'nil')
