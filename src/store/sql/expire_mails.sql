UPDATE web.mail
SET state = 'failed',
    text_body = NULL,
    html_body = NULL
WHERE state = 'queued'
  AND expires_at <= clock_timestamp()
