-- What people chose for themselves, and which alert mails they got. No money lives here; amounts are nano-USD.
CREATE TABLE web.preference (                  -- a reseller's choices; no row: the defaults
  account_id  uuid PRIMARY KEY REFERENCES web.reseller,
  exact_times boolean NOT NULL DEFAULT false,
  single_keys boolean NOT NULL DEFAULT true,
  low_on      boolean NOT NULL DEFAULT true,
  low_below   bigint  NOT NULL DEFAULT 20000000000 CONSTRAINT low_below_something CHECK (low_below > 0),  -- cost
  message     text CONSTRAINT message_length CHECK (char_length(message) BETWEEN 1 AND 4000),  -- null: the standard text
  portal_name text CONSTRAINT portal_name_length CHECK (char_length(portal_name) BETWEEN 1 AND 512),  -- null: ours
  logo        text CONSTRAINT logo_length CHECK (char_length(logo) BETWEEN 1 AND 64),
  changed_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

ALTER TABLE web.binding                        -- a client's alerts of one key, in client price
  ADD COLUMN alert_80    boolean NOT NULL DEFAULT true,
  ADD COLUMN alert_100   boolean NOT NULL DEFAULT true,
  ADD COLUMN sent_80_at  timestamptz,
  ADD COLUMN sent_100_at timestamptz;

-- How far a key's budget was used at the last look; no row: less than 80 %. nth counts the changes, so that of two that
-- look at the same time one writes and sends.
CREATE TABLE web.key_mark (
  key_id uuid PRIMARY KEY REFERENCES ledger.client_key,
  level  smallint NOT NULL CONSTRAINT known_level CHECK (level IN (0, 80, 100)),
  budget bigint NOT NULL CHECK (budget > 0),   -- price
  spent  bigint NOT NULL CONSTRAINT spent_in_budget CHECK (spent BETWEEN 0 AND budget),
  nth    bigint NOT NULL DEFAULT 1 CHECK (nth > 0)
) WITH (fillfactor = 70);

-- Whether a fall of the balance below the reseller's amount is still to be told; no row: nobody has looked yet.
CREATE TABLE web.balance_mark (
  account_id uuid PRIMARY KEY REFERENCES web.reseller,
  told       bigint CHECK (told >= 0),         -- cost available when it was told; null: armed
  told_at    timestamptz,
  nth        bigint NOT NULL DEFAULT 1 CHECK (nth > 0),
  CONSTRAINT told_when CHECK ((told IS NULL) = (told_at IS NULL))
);

-- What is low or used up already was no news of today. The rules are those of domain/budget_alert.rs and low_balance.rs.
INSERT INTO web.key_mark (key_id, level, budget, spent)
SELECT key_id, CASE WHEN budget - spent_price < 10000000 AND spent_price::numeric * 100 >= budget::numeric * 99 THEN 100 ELSE 80 END,
       budget, spent_price
FROM ledger.client_key
WHERE status = 1 AND spent_price::numeric * 100 >= budget::numeric * 80;
INSERT INTO web.balance_mark (account_id, told, told_at)
SELECT account_id, CASE WHEN main < 20000000000 THEN main END, CASE WHEN main < 20000000000 THEN clock_timestamp() END
FROM web.reseller JOIN ledger.account USING (account_id);

-- ---------------------------------------------------------------- the Account Key, as its owner sees it
-- When a secret was made; unknown for those of before.
ALTER TABLE ledger.key_secret ADD COLUMN made_at timestamptz;
ALTER TABLE ledger.key_secret ALTER COLUMN made_at SET DEFAULT clock_timestamp();

CREATE TABLE web.account_key_use (             -- from which networks; written at most once a minute
  account_id uuid NOT NULL REFERENCES web.reseller,
  network    text NOT NULL,                    -- a /24 or a /64
  first_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (account_id, network)
);
CREATE INDEX account_key_use_old ON web.account_key_use (last_at);
