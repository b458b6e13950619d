UPDATE web.mail
SET attempts = attempts + 1,
    -- A lease and a back-off in one: 10, 20, 40 … s until somebody tries again.
    next_try_at = clock_timestamp() + least(make_interval(secs => 10 * 2 ^ least(attempts, 5)), interval '5 minutes')
WHERE mail_id IN (
  SELECT mail_id
  FROM web.mail
  WHERE state = 'queued'
    AND next_try_at <= clock_timestamp()
    AND expires_at > clock_timestamp()
  ORDER BY next_try_at
  LIMIT $1
  FOR UPDATE SKIP LOCKED)
RETURNING mail_id, recipient, subject, text_body, html_body, attempts, challenge_hash IS NOT NULL
