-- Money that a provider takes back: what was decided of each refund and dispute, and that it is in the books.
ALTER TABLE ledger.topup DROP CONSTRAINT topup_state;
ALTER TABLE ledger.topup ADD CONSTRAINT topup_state CHECK (state IN
  ('created', 'open', 'processing', 'parked', 'credited', 'expired', 'failed', 'cancelled',
   'refunded_part', 'refunded', 'disputed', 'lost'));

CREATE TABLE ledger.take_back (
  topup_id   uuid NOT NULL REFERENCES ledger.topup,
  op         text NOT NULL CHECK (char_length(op) BETWEEN 1 AND 255),  -- the operation id, as in the journal
  kind       text NOT NULL CHECK (kind IN ('reversal', 'reinstate', 'freeze', 'thaw')),
  amount     bigint NOT NULL CHECK (amount >= 0),
  planned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  done_at    timestamptz,                     -- null: decided, and not known to be in the books
  seq        bigint,                          -- its line of the journal; null: the books had nothing left to do
  PRIMARY KEY (topup_id, op),
  CONSTRAINT take_back_money CHECK ((amount > 0) = (kind IN ('reversal', 'reinstate'))),
  CONSTRAINT take_back_booked CHECK (seq IS NULL OR done_at IS NOT NULL)
);

-- What a person had to look at, once each.
CREATE TABLE ledger.take_back_alarm (
  topup_id uuid NOT NULL REFERENCES ledger.topup,
  op       text NOT NULL,
  why      text NOT NULL,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (topup_id, op, why)
);

-- A top-up with the moment of its credit and what was taken back of it.
DROP VIEW ledger.topup_line;
CREATE VIEW ledger.topup_line AS
SELECT t.*, j.at AS credited_at,
  coalesce((SELECT sum(CASE b.kind WHEN 'reversal' THEN b.amount WHEN 'reinstate' THEN -b.amount ELSE 0 END)
    FROM ledger.take_back b
    WHERE b.topup_id = t.topup_id AND b.done_at IS NOT NULL), 0)::bigint AS taken_back
FROM ledger.topup t
LEFT JOIN ledger.journal j ON j.account_id = t.account_id AND j.seq = t.credited_seq;

-- Each comparison of a provider's list with our orders, clean ones too.
CREATE TABLE ledger.reconciliation (
  run_id      uuid PRIMARY KEY,
  from_at     timestamptz NOT NULL,
  until_at    timestamptz NOT NULL,
  gross       jsonb NOT NULL,                 -- credited a day and provider, with the number of orders
  differences jsonb NOT NULL,                 -- what did not agree
  at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX reconciliation_newest ON ledger.reconciliation (at DESC);
