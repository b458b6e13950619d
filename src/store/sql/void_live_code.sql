UPDATE web.login_code
SET voided_at = clock_timestamp()
WHERE purpose = $1
  AND address = $2
  AND used_at IS NULL
  AND voided_at IS NULL
