-- What people were told of their money and their sign-ins, so that each mail is sent once; and redemption codes.

-- ---------------------------------------------------------------- mails about top-ups
ALTER TABLE ledger.topup
  ADD COLUMN receipted_at timestamptz,         -- the receipt was queued; with a mail in the same commit
  ADD COLUMN told_parked  text;                -- what was last told of money that did not fit: reason and amount
-- What happened before there were such mails is no news.
UPDATE ledger.topup SET receipted_at = clock_timestamp() WHERE credited IS NOT NULL;
UPDATE ledger.topup SET told_parked = concat_ws(':', reason, received) WHERE state = 'parked';
CREATE INDEX topup_unreceipted ON ledger.topup (topup_id) WHERE credited IS NOT NULL AND receipted_at IS NULL;

-- ---------------------------------------------------------------- mails about everything else
CREATE TABLE web.told (                        -- once each, for ever
  what    text PRIMARY KEY,                    -- op:<account>:<seq>, commission:<account>:<month>
  told_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE web.news_since (                  -- one row: what is older is no news
  one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
  at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO web.news_since DEFAULT VALUES;
-- Payments taken back and freezes, which are few among the movements.
CREATE INDEX journal_trouble ON ledger.journal (at) WHERE kind IN (2, 12);

CREATE TABLE web.device (                      -- devices a person has signed in with, in words
  site     text NOT NULL CHECK (site IN ('dashboard', 'portal')),
  person   uuid NOT NULL,
  device   text NOT NULL CHECK (char_length(device) <= 200),
  first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (site, person, device)
);

-- ---------------------------------------------------------------- redemption codes
-- Minted by the operator, redeemed once by one account. Claimed first, credited next: the operation id of the credit is
-- code:<code_id>, so a claim without its credit is finished by whoever looks next.
CREATE TABLE ledger.redemption_code (
  code_id     uuid PRIMARY KEY,
  digest      bytea NOT NULL CONSTRAINT redemption_code_once UNIQUE CHECK (octet_length(digest) = 32),
  amount      bigint NOT NULL CHECK (amount > 0),              -- cost, nano-USD
  note        text CHECK (char_length(note) BETWEEN 1 AND 200), -- the operator's word
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at  timestamptz,
  revoked_at  timestamptz,
  account_id  uuid REFERENCES ledger.account,
  claimed_at  timestamptz,
  credited_at timestamptz,
  CONSTRAINT claimed_by_somebody CHECK ((account_id IS NULL) = (claimed_at IS NULL)),
  CONSTRAINT credited_after_claim CHECK (credited_at IS NULL OR claimed_at IS NOT NULL),
  CONSTRAINT revoked_is_unclaimed CHECK (revoked_at IS NULL OR claimed_at IS NULL)
);
CREATE INDEX redemption_code_unpaid ON ledger.redemption_code (claimed_at)
  WHERE claimed_at IS NOT NULL AND credited_at IS NULL;
