DELETE FROM ledger.usage_unusual
WHERE account_id = $1
  AND ended_at >= $2
