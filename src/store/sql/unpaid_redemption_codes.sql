SELECT code_id, account_id, amount, false AS is_credited
FROM ledger.redemption_code
WHERE claimed_at IS NOT NULL
  AND credited_at IS NULL
ORDER BY claimed_at
LIMIT $1
