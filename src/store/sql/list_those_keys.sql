SELECT k.key_id, k.label, k.status, k.paused, k.rpm_limit, k.concurrency_limit, k.ratio_cost, k.ratio_price,
       k.budget, k.funded, k.posted, k.refunded, k.spent_price, k.created_at,
       s.hint, c.last_call
FROM ledger.client_key k
LEFT JOIN LATERAL (
  SELECT hint
  FROM ledger.key_secret
  WHERE account_id = k.account_id AND key_id = k.key_id
  ORDER BY valid_until DESC NULLS FIRST
  LIMIT 1) s ON true
LEFT JOIN LATERAL (
  -- The rollup says in which hour; only that hour's calls are looked at.
  SELECT coalesce((
    SELECT max(ended_at)
    FROM ledger.call
    WHERE key_id = k.key_id
      AND call_id >= ledger.uuid7_floor(u.hour - interval '2 hours')
      AND call_id < ledger.uuid7_floor(u.hour + interval '1 hour')), u.hour) AS last_call
  FROM ledger.usage_hour u
  WHERE u.key_id = k.key_id
  ORDER BY u.hour DESC
  LIMIT 1) c ON true
WHERE k.account_id = $1
  AND k.key_id = ANY($2)
