INSERT INTO web.key_mark AS m (key_id, level, budget, spent)
VALUES ($1, $2, $3, $4)
ON CONFLICT (key_id) DO UPDATE
SET level = excluded.level,
    budget = excluded.budget,
    spent = excluded.spent,
    nth = m.nth + 1
-- Of two that saw the same mark one changes it; 0, no mark, is no row's number.
WHERE m.nth = $5
RETURNING m.nth
