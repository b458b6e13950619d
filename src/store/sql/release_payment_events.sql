-- What a dead program had claimed is due at once.
UPDATE ledger.payment_event
SET next_try = clock_timestamp()
WHERE done IS NULL
