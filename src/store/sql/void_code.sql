UPDATE web.login_code
SET voided_at = clock_timestamp()
WHERE challenge_hash = $1
  AND used_at IS NULL
  AND voided_at IS NULL
