INSERT INTO ledger.payment_event (provider, event_id, provider_payment, kind_hint, raw)
VALUES ($1, $2, $3, $4, $5)
-- Providers send a notice again until they hear that it came.
ON CONFLICT (provider, event_id) DO NOTHING
