-- Top-ups get their way through a payment provider: what was asked, where the checkout is, what became of it.
-- Raw notices get what their worker needs to come back to them.
ALTER TABLE ledger.topup
  ADD COLUMN method       text CONSTRAINT topup_method CHECK (method IN ('card', 'crypto')),  -- null: paid by hand
  ADD COLUMN checkout_url text,
  ADD COLUMN expires_at   timestamptz,                       -- until when the provider takes the payment
  ADD COLUMN received     bigint CONSTRAINT topup_received CHECK (received > 0),  -- as the provider says; null: unread
  ADD COLUMN reason       text,                              -- why it is parked or failed
  ADD COLUMN closed_by    text,                              -- who ended a parked one by hand, and how; it stays ended
  ADD COLUMN looked_at    timestamptz,                       -- when the provider was last asked
  ADD CONSTRAINT topup_state CHECK (state IN
    ('created', 'open', 'processing', 'parked', 'credited', 'expired', 'failed', 'cancelled')),
  -- Whatever follows a credit keeps its amount.
  ADD CONSTRAINT topup_credited CHECK ((credited IS NULL) =
    (state IN ('created', 'open', 'processing', 'parked', 'expired', 'failed', 'cancelled'))),
  ADD CONSTRAINT topup_checkout_whole CHECK ((provider_payment IS NULL) = (checkout_url IS NULL));
CREATE INDEX topup_newest ON ledger.topup (account_id, created_at DESC, topup_id DESC);
CREATE INDEX topup_waiting ON ledger.topup (looked_at NULLS FIRST) WHERE state IN ('created', 'open', 'processing');
CREATE INDEX topup_parked ON ledger.topup (created_at) WHERE state = 'parked';

-- A top-up with the moment of its credit.
CREATE VIEW ledger.topup_line AS
SELECT t.*, j.at AS credited_at
FROM ledger.topup t
LEFT JOIN ledger.journal j ON j.account_id = t.account_id AND j.seq = t.credited_seq;

ALTER TABLE ledger.payment_event
  ADD COLUMN tries    int NOT NULL DEFAULT 0 CHECK (tries >= 0),
  ADD COLUMN next_try timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD COLUMN outcome  text;                                  -- what the last try came to
CREATE INDEX payment_event_due ON ledger.payment_event (next_try) WHERE done IS NULL;
CREATE INDEX payment_event_received ON ledger.payment_event (received);
