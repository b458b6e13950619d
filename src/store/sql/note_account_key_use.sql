INSERT INTO web.account_key_use AS u (account_id, network)
VALUES ($1, $2)
ON CONFLICT (account_id, network) DO UPDATE
SET last_at = clock_timestamp()
-- A row that this very statement made was updated by nobody.
RETURNING xmax = 0
