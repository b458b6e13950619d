-- What pages read at once and the commits do not write: sums of usage kept for them, and the statement by day.
-- The functions are not STRICT, or they would be called for each row instead of becoming part of its statement.

-- How a call was measured, by the strongest word that applies; `domain/line_state.rs` says the same.
--   1 measured  2 estimated  3 partial  4 client left  5 cut by budget  6 not billed
CREATE FUNCTION ledger.line_state(p_outcome smallint, p_flags smallint) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN p_outcome <> 1 THEN 6
              WHEN p_flags & 8 <> 0 THEN 5
              WHEN p_flags & 4 <> 0 THEN 4
              WHEN p_flags & 2 <> 0 THEN 3
              WHEN p_flags & 1 <> 0 THEN 2
              ELSE 1 END::smallint
$$;

-- What main gained or lost by an op: the part beyond debt comes in, the part beyond debt goes out.
CREATE FUNCTION ledger.main_change(p_kind smallint, p_cost bigint, p_owed bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN p_kind IN (1, 3, 5, 10, 14) THEN p_cost - p_owed
              WHEN p_kind IN (2, 4, 6) THEN p_owed - p_cost
              WHEN p_kind IN (7, 8) THEN -p_cost
              ELSE 0 END
$$;

-- ---------------------------------------------------------------- usage
-- A mark is the sum of an account's calls that ended before an instant. What lies between two marks is their
-- difference, so a range of any length costs two marks; what ended after the last mark is in usage_hour. The
-- housekeeper makes a mark at the end of every hour with calls and keeps, of days that are over, the last one.
CREATE TABLE ledger.usage_mark (
  account_id  uuid        NOT NULL,
  until       timestamptz NOT NULL,            -- a full UTC hour
  model       text        NOT NULL,            -- '' = all models
  state       smallint    NOT NULL CHECK (state IN (0, 2, 3, 4, 5, 6, 7)),  -- 0 = all, 7 = 2 to 6; measured is 0 less 7
  calls       bigint      NOT NULL,
  input       bigint      NOT NULL,
  output      bigint      NOT NULL,
  cache_read  bigint      NOT NULL,
  cache_write bigint      NOT NULL,
  cost        bigint      NOT NULL,
  price       bigint      NOT NULL,
  -- The same by key, at the key's place in usage_reach.keys; what a vector is too short for is 0.
  key_calls   bigint[]    NOT NULL,
  key_tokens  bigint[]    NOT NULL,            -- of all four meters
  key_cost    bigint[]    NOT NULL,
  key_price   bigint[]    NOT NULL,
  PRIMARY KEY (account_id, until, model, state)
);

CREATE TABLE ledger.usage_reach (              -- how far an account's marks go
  account_id uuid PRIMARY KEY REFERENCES ledger.account,
  until      timestamptz NOT NULL,             -- of the last mark
  seq        bigint NOT NULL,                  -- the account's last_seq that the marks were made from
  calls      bigint NOT NULL,                  -- settles up to that seq
  marked     bigint NOT NULL,                  -- of them in the last mark. A call that ended before and is not in it shows as
                                               -- marked + (calls in usage_hour since) < all settles; the marks are made again then
  keys       uuid[] NOT NULL                   -- a key's place in the vectors
);

CREATE TABLE ledger.usage_unusual (            -- of the calls in the marks those that are not plainly measured
  account_id  uuid        NOT NULL,
  state       smallint    NOT NULL,
  call_id     uuid        NOT NULL,
  key_id      uuid        NOT NULL,
  model       text        NOT NULL,
  ended_at    timestamptz NOT NULL,
  input       bigint      NOT NULL,
  output      bigint      NOT NULL,
  cache_read  bigint      NOT NULL,
  cache_write bigint      NOT NULL,
  cost        bigint      NOT NULL,
  price       bigint      NOT NULL,
  PRIMARY KEY (account_id, state, call_id)
);
CREATE INDEX usage_unusual_key ON ledger.usage_unusual (key_id, state, call_id);

-- ---------------------------------------------------------------- statement
CREATE TABLE ledger.journal_day (              -- an account's journal by day and kind, written with the ops
  account_id uuid     NOT NULL,
  day        date     NOT NULL,                -- UTC; never before an earlier op's, should the clock go back
  kind       smallint NOT NULL,
  entries    bigint   NOT NULL,
  cost       bigint   NOT NULL,
  price      bigint   NOT NULL,
  change     bigint   NOT NULL,                -- of main
  first_seq  bigint   NOT NULL,
  last_seq   bigint   NOT NULL,
  PRIMARY KEY (account_id, day, kind)
);

CREATE FUNCTION ledger.add_to_journal_day() RETURNS trigger LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
BEGIN
  INSERT INTO journal_day AS d (account_id, day, kind, entries, cost, price, change, first_seq, last_seq)
  SELECT account_id, day, kind, count(*), sum(cost), sum(price), sum(main_change(kind, cost, owed)), min(seq), max(seq)
  FROM (
    SELECT f.*, greatest(max((f.at AT TIME ZONE 'UTC')::date) OVER (PARTITION BY f.account_id ORDER BY f.seq),
                         (SELECT max(o.day) FROM journal_day o WHERE o.account_id = f.account_id)) AS day
    FROM fresh f) dated
  GROUP BY account_id, day, kind
  ON CONFLICT (account_id, day, kind) DO UPDATE SET
      entries = d.entries + excluded.entries, cost = d.cost + excluded.cost, price = d.price + excluded.price,
      change = d.change + excluded.change, last_seq = excluded.last_seq;
  RETURN NULL;
END $$;
CREATE TRIGGER journal_by_day AFTER INSERT ON ledger.journal
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger.add_to_journal_day();

INSERT INTO ledger.journal_day (account_id, day, kind, entries, cost, price, change, first_seq, last_seq)
SELECT account_id, day, kind, count(*), sum(cost), sum(price), sum(ledger.main_change(kind, cost, owed)), min(seq), max(seq)
FROM (
  SELECT j.*, max((j.at AT TIME ZONE 'UTC')::date) OVER (PARTITION BY j.account_id ORDER BY j.seq) AS day
  FROM ledger.journal j) dated
GROUP BY account_id, day, kind;
