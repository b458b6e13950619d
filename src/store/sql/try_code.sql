UPDATE web.login_code
SET tries = tries + 1
WHERE challenge_hash = $1
  AND purpose = $2
  AND address = $3
  AND session_id IS NOT DISTINCT FROM $4
  AND used_at IS NULL
  AND voided_at IS NULL
  -- Postgres' clock, whatever the program's clock says.
  AND expires_at > clock_timestamp()
  AND tries < $5
RETURNING code_digest, tries
