WITH done AS (
  UPDATE web.mail
  SET state = $2,
      -- Only the outbox keeps what was written; elsewhere a code must not outlive its mail.
      text_body = CASE WHEN $2 = 'kept' THEN text_body END,
      html_body = CASE WHEN $2 = 'kept' THEN html_body END
  WHERE mail_id = $1
    AND state = 'queued'
  RETURNING challenge_hash)
-- A code that never reached its owner is void.
UPDATE web.login_code c
SET voided_at = clock_timestamp()
FROM done
WHERE c.challenge_hash = done.challenge_hash
  AND $2 = 'failed'
  AND c.used_at IS NULL
  AND c.voided_at IS NULL
