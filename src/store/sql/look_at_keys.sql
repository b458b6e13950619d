SELECT k.key_id, k.budget, k.spent_price, m.level, m.budget AS seen_budget, m.spent AS seen_spent, m.nth
FROM ledger.client_key k
LEFT JOIN web.key_mark m USING (key_id)
WHERE k.key_id = ANY ($1)
  AND k.status = 1
  -- A little below 80 %, so that no overflow and no rounding hides a key; the rule itself is the program's.
  AND (k.spent_price >= k.budget / 5 * 4 OR m.level > 0)
  -- What looks as it did needs no second look.
  AND (m.key_id IS NULL OR (m.budget, m.spent) IS DISTINCT FROM (k.budget, k.spent_price))
