-- As bytes, for they are thousands.
SELECT array_send(keys)
FROM ledger.usage_reach
WHERE account_id = $1
