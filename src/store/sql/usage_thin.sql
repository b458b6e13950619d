DELETE FROM ledger.usage_mark m
WHERE m.account_id = $1
  AND m.until > $2
  AND m.until <= $3
  -- A mark at midnight is the last one of the day that ends there.
  AND EXISTS (
    SELECT 1
    FROM ledger.usage_mark later
    WHERE later.account_id = m.account_id AND later.until > m.until
      AND later.until <= date_trunc('day', m.until - interval '1 microsecond', 'UTC') + interval '24 hours')
