-- People: resellers, portal users, their codes, sessions, bindings, mails, throttles and the audit trail.
-- No money lives here. What people may do to the ledger's tables beside commit_batch is a function below.
CREATE SCHEMA web;

-- ---------------------------------------------------------------- who
CREATE TABLE web.reseller (
  account_id  uuid PRIMARY KEY REFERENCES ledger.account,
  address     text NOT NULL CONSTRAINT reseller_address UNIQUE CHECK (char_length(address) BETWEEN 3 AND 254),
  address_key text NOT NULL,                   -- plus tag folded: for referral and bonus checks, never to sign in
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reseller_address_key ON web.reseller (address_key);

CREATE TABLE web.portal_user (
  user_id    uuid PRIMARY KEY,
  address    text NOT NULL CONSTRAINT portal_user_address UNIQUE CHECK (char_length(address) BETWEEN 3 AND 254),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE web.binding (                     -- many people may bind one key
  user_id  uuid NOT NULL REFERENCES web.portal_user,
  key_id   uuid NOT NULL REFERENCES ledger.client_key,
  name     text CHECK (char_length(name) BETWEEN 1 AND 512),   -- the client's own word for the key
  bound_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, key_id)
);
CREATE INDEX binding_key ON web.binding (key_id);

-- ---------------------------------------------------------------- one-time codes
CREATE TABLE web.login_code (
  challenge_hash bytea PRIMARY KEY CHECK (octet_length(challenge_hash) = 32),   -- SHA-256 of what the browser holds
  purpose        text NOT NULL CHECK (purpose IN ('dashboard', 'portal', 'step_up')),
  address        text NOT NULL,
  session_id     uuid,                         -- step-up only: the session that asked
  code_digest    bytea NOT NULL CHECK (octet_length(code_digest) = 32),
  tries          smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at     timestamptz NOT NULL,
  used_at        timestamptz,
  voided_at      timestamptz,
  CONSTRAINT step_up_has_session CHECK ((purpose = 'step_up') = (session_id IS NOT NULL))
);
-- A new code voids the old one: at most one is live.
CREATE UNIQUE INDEX login_code_live ON web.login_code (purpose, address) WHERE used_at IS NULL AND voided_at IS NULL;
CREATE INDEX login_code_expiry ON web.login_code (expires_at);

CREATE TABLE web.throttle (                    -- exact sliding windows; the row's lock makes counting atomic
  scope   text NOT NULL,
  subject text NOT NULL,
  hits    timestamptz[] NOT NULL,
  PRIMARY KEY (scope, subject)
) WITH (fillfactor = 70);

-- ---------------------------------------------------------------- sessions
CREATE TABLE web.session (
  session_id   uuid PRIMARY KEY,
  token_hash   bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),     -- SHA-256 of the cookie
  site         text NOT NULL CHECK (site IN ('dashboard', 'portal')),
  account_id   uuid REFERENCES web.reseller,
  user_id      uuid REFERENCES web.portal_user,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),  -- written at most once a minute
  proved_at    timestamptz NOT NULL DEFAULT clock_timestamp(),  -- the last correct code of this session
  user_agent   text NOT NULL CHECK (char_length(user_agent) <= 200),
  CONSTRAINT dashboard_is_reseller CHECK ((site = 'dashboard') = (account_id IS NOT NULL)),
  CONSTRAINT portal_is_user        CHECK ((site = 'portal') = (user_id IS NOT NULL))
);
CREATE INDEX session_account ON web.session (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX session_user_id ON web.session (user_id) WHERE user_id IS NOT NULL;

-- ---------------------------------------------------------------- mails
CREATE TABLE web.mail (
  mail_id        uuid PRIMARY KEY,             -- UUIDv7: the order of the outbox
  dedup_key      text NOT NULL CONSTRAINT mail_once UNIQUE,
  recipient      text NOT NULL,
  subject        text NOT NULL,
  text_body      text,                         -- erased once sent or given up: it may carry a code
  html_body      text,
  challenge_hash bytea,                        -- the code it carries, voided if the mail cannot be sent
  state          text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'kept', 'sent', 'failed')),
  attempts       int NOT NULL DEFAULT 0,
  next_try_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at     timestamptz NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT body_until_done CHECK ((text_body IS NULL) = (state IN ('sent', 'failed')))
);
CREATE INDEX mail_due ON web.mail (next_try_at) WHERE state = 'queued';
CREATE INDEX mail_created ON web.mail (created_at);

-- ---------------------------------------------------------------- audit
CREATE TABLE web.audit (                       -- append-only: who did what, from where; never a secret
  audit_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor_kind text NOT NULL CHECK (actor_kind IN ('nobody', 'reseller', 'portal_user', 'account_key', 'client_key', 'operator')),
  actor_id   uuid,
  account_id uuid,                             -- whose trail it belongs to
  action     text NOT NULL,
  object     text,
  detail     jsonb,
  request_id text NOT NULL,
  ip         text NOT NULL,
  user_agent text NOT NULL
);
CREATE INDEX audit_account ON web.audit (account_id, audit_id DESC) WHERE account_id IS NOT NULL;

CREATE FUNCTION web.forbid() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER audit_immutable BEFORE UPDATE OR DELETE ON web.audit FOR EACH ROW EXECUTE FUNCTION web.forbid();
CREATE TRIGGER audit_whole BEFORE TRUNCATE ON web.audit FOR EACH STATEMENT EXECUTE FUNCTION web.forbid();

-- ---------------------------------------------------------------- what people may do to ledger tables
-- A label is at most 64 graphemes; one grapheme may be many characters (an emoji family is seven).
ALTER TABLE ledger.client_key DROP CONSTRAINT client_key_label_check;
ALTER TABLE ledger.client_key ADD CONSTRAINT client_key_label_check CHECK (char_length(label) BETWEEN 1 AND 512);
-- Keys are listed newest first; their ids are UUIDv7.
CREATE INDEX client_key_newest ON ledger.client_key (account_id, key_id DESC);

-- An empty account, at a reseller's first correct code.
CREATE FUNCTION ledger.open_account(p_account uuid, p_shard smallint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  INSERT INTO account (account_id, shard_id) VALUES (p_account, p_shard)
$$;

-- Another secret for a key (or, with p_key null, another Account Key). The old one ends after the grace; at most one
-- old secret lives on. False if the key is not this account's or no longer active.
CREATE FUNCTION ledger.replace_secret(p_account uuid, p_key uuid, p_hash bytea, p_pepper smallint, p_hint text, p_grace interval)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  -- Rotations of one credential take turns; the ledger's own rows stay unlocked for its commits.
  PERFORM pg_advisory_xact_lock(hashtextextended(coalesce(p_key, p_account)::text, 0));
  IF p_key IS NULL THEN
    PERFORM 1 FROM account WHERE account_id = p_account;
  ELSE
    PERFORM 1 FROM client_key WHERE key_id = p_key AND account_id = p_account AND status = 1;
  END IF;
  IF NOT FOUND THEN RETURN false; END IF;
  DELETE FROM key_secret
  WHERE account_id = p_account AND key_id IS NOT DISTINCT FROM p_key
    AND (valid_until IS NOT NULL OR p_grace <= interval '0');
  UPDATE key_secret SET valid_until = clock_timestamp() + p_grace
  WHERE account_id = p_account AND key_id IS NOT DISTINCT FROM p_key;
  INSERT INTO key_secret (secret_hash, account_id, key_id, pepper_version, hint)
  VALUES (p_hash, p_account, p_key, p_pepper, p_hint);
  RETURN true;
END $$;
