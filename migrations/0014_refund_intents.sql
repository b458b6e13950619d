-- Refunds that an operator starts: written down before the provider is asked, so that a crash never gives money back twice.
CREATE TABLE ledger.refund_intent (
  intent_id       uuid PRIMARY KEY,            -- the provider is asked under `refund-<intent_id>`
  topup_id        uuid NOT NULL REFERENCES ledger.topup,
  account_id      uuid NOT NULL REFERENCES ledger.account,
  attempt         text NOT NULL CHECK (char_length(attempt) BETWEEN 1 AND 200),
  request_hash    bytea NOT NULL CHECK (octet_length(request_hash) = 32),  -- of what the operator typed
  amount          bigint NOT NULL CHECK (amount > 0),
  reason          text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 200),
  approved_by     text,                        -- the second person; null: not more than the unspent balance
  state           text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'accepted', 'done', 'failed', 'refused')),
  sent_at         timestamptz,                 -- when the provider was first asked: from then on it alone may say no
  provider_refund text,                        -- the provider's id of the refund, once it lists it
  outcome         text,                        -- what the last try came to
  tries           int NOT NULL DEFAULT 0 CHECK (tries >= 0),
  next_try        timestamptz NOT NULL DEFAULT clock_timestamp() + interval '1 minute',
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT refund_intent_done CHECK (state <> 'done' OR provider_refund IS NOT NULL)
);
-- The repeat of a command is the same refund; one that certainly gave nothing back may be asked for anew.
CREATE UNIQUE INDEX refund_intent_attempt ON ledger.refund_intent (topup_id, attempt)
  WHERE state NOT IN ('failed', 'refused');
CREATE INDEX refund_intent_due ON ledger.refund_intent (next_try) WHERE state IN ('asked', 'accepted');
CREATE INDEX refund_intent_account ON ledger.refund_intent (account_id, created_at DESC);
CREATE INDEX refund_intent_newest ON ledger.refund_intent (created_at DESC);
