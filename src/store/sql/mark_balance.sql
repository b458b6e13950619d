INSERT INTO web.balance_mark AS m (account_id, told, told_at)
VALUES ($1, $2, CASE WHEN $2::bigint IS NOT NULL THEN clock_timestamp() END)
ON CONFLICT (account_id) DO UPDATE
SET told = excluded.told,
    told_at = excluded.told_at,
    nth = m.nth + 1
-- Of two that saw the same mark one changes it; 0, no mark, is no row's number.
WHERE m.nth = $3
RETURNING m.nth
