SELECT j.seq, j.kind, j.cost, j.price, j.owed, j.at, k.label, t.topup_id, t.method,
       j.detail->>'reason' AS reason,
       -- Only redemptions have operation ids of this form.
       j.kind = 5 AND coalesce(j.idem LIKE 'code:%', false) AS is_code,
       ledger.main_change(j.kind, j.cost, j.owed) AS change
FROM ledger.journal j
LEFT JOIN ledger.client_key k ON k.key_id = j.key_id
LEFT JOIN ledger.topup t ON t.topup_id = (j.detail->>'topup_id')::uuid
WHERE j.account_id = $1
  AND j.seq BETWEEN $2 AND $3
  AND ($4::smallint[] IS NULL OR j.kind = ANY ($4))
ORDER BY j.seq DESC
LIMIT $5
