SELECT s.hint, s.made_at,
       -- Uses of an older key are none of this one's.
       (SELECT max(u.last_at) FROM web.account_key_use u WHERE u.account_id = $1 AND u.last_at >= s.made_at) AS last_used
FROM ledger.key_secret s
WHERE s.account_id = $1
  AND s.key_id IS NULL
  AND (s.valid_until IS NULL OR s.valid_until > clock_timestamp())
ORDER BY s.valid_until DESC NULLS FIRST
LIMIT 1
