-- Every key gets a place in the asked order: figure, then word, then the newest first. A page goes on from a place, so it
-- costs the same wherever it is, and no key is shown twice or left out because others moved.
WITH placed AS (
  SELECT k.key_id,
         CASE $4
           WHEN 'spent' THEN -k.spent_price
           WHEN 'remaining' THEN -(k.budget - k.spent_price)
           WHEN 'profit' THEN -(k.spent_price - k.posted)
           -- Millionths of the budget. A numeric would never overflow, and be half the time of the page.
           WHEN 'used' THEN -CASE WHEN k.budget < 9000000000000 THEN k.spent_price * 1000000 / k.budget
                                  ELSE k.spent_price / (k.budget / 1000000) END
           ELSE 0 END AS figure,
         CASE WHEN $4 = 'label' THEN lower(k.label) ELSE '' END COLLATE "C" AS word
  FROM ledger.client_key k
  WHERE k.account_id = $1
    AND CASE $2
          WHEN 'open' THEN k.status <> 3
          WHEN 'active' THEN k.status = 1 AND NOT k.paused
          WHEN 'paused' THEN k.status = 1 AND k.paused
          -- A fifth is left, or less.
          WHEN 'low' THEN k.status = 1 AND k.budget - k.spent_price <= k.budget / 5
          -- Nothing is left that would be shown: less than a cent.
          WHEN 'used_up' THEN k.status = 1 AND k.budget - k.spent_price < 10000000
          WHEN 'closing' THEN k.status = 2
          WHEN 'deleted' THEN k.status = 3
          ELSE false END
    AND ($3 = ''
      OR strpos(lower(k.label), lower($3)) > 0
      -- One pass over the secrets instead of a look for each key.
      OR k.key_id IN (
        SELECT s.key_id
        FROM ledger.key_secret s
        WHERE s.account_id = $1
          AND s.key_id IS NOT NULL
          AND starts_with(s.hint, $3)))
), page AS (
  SELECT *
  FROM placed
  WHERE $5::uuid IS NULL
     OR CASE WHEN $8
          THEN (figure, word) > ($6::bigint, $7::text) OR ((figure, word) = ($6, $7) AND key_id < $5)
          ELSE (figure, word) < ($6, $7) OR ((figure, word) = ($6, $7) AND key_id > $5) END
  ORDER BY CASE WHEN $8 THEN figure END, CASE WHEN $8 THEN word END, CASE WHEN $8 THEN key_id END DESC,
           figure DESC, word DESC, key_id
  LIMIT $9
)
SELECT k.key_id, k.label, k.status, k.paused, k.rpm_limit, k.concurrency_limit, k.ratio_cost, k.ratio_price,
       k.budget, k.funded, k.posted, k.refunded, k.spent_price, k.created_at,
       p.figure, p.word, s.hint
FROM page p
JOIN ledger.client_key k USING (key_id)
LEFT JOIN LATERAL (
  SELECT hint
  FROM ledger.key_secret
  WHERE account_id = $1 AND key_id = p.key_id
  ORDER BY valid_until DESC NULLS FIRST
  LIMIT 1) s ON true
ORDER BY p.figure, p.word, p.key_id DESC
