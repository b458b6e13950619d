-- Whoever chooses an amount knows the balance: what is below it now was told.
INSERT INTO web.balance_mark AS m (account_id, told, told_at)
SELECT account_id, CASE WHEN main < $2 THEN main END, CASE WHEN main < $2 THEN clock_timestamp() END
FROM ledger.account
WHERE account_id = $1
ON CONFLICT (account_id) DO UPDATE
SET told = excluded.told,
    told_at = excluded.told_at,
    nth = m.nth + 1
