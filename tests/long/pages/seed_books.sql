-- Last of three: the journal, the keys and the account that these calls belong to.
SET work_mem = '512MB';
SET maintenance_work_mem = '512MB';
SET synchronous_commit = off;
BEGIN;
CREATE UNLOGGED TABLE seed.used AS
SELECT key_id, sum(cost)::bigint AS cost, sum(price)::bigint AS price FROM ledger.call GROUP BY key_id;

-- How many steps of its ratio a key was given at first and in all. One key in 20 is used up, another nearly.
CREATE UNLOGGED TABLE seed.funding AS
SELECT k.*, coalesce(u.cost, 0) AS posted, coalesce(u.price, 0) AS spent,
       coalesce(u.cost, 0) / k.ratio_cost AS used_steps,
       CASE n % 20 WHEN 3 THEN greatest(coalesce(u.cost, 0) / k.ratio_cost, 1)
                   WHEN 7 THEN coalesce(u.cost, 0) / k.ratio_cost * 11 / 10 + 1
                   ELSE (coalesce(u.cost, 0) / k.ratio_cost + 1) * (2 + n % 4) END AS steps,
       CASE WHEN n % 33 = 5 THEN 3 ELSE 1 END AS status
FROM seed.key k LEFT JOIN seed.used u USING (key_id);

-- The journal in the order of its times, numbered behind the calls: deposits, keys made, topped up and deleted.
CREATE UNLOGGED TABLE seed.entry AS
WITH entry AS (
  SELECT made AS at, 7 AS kind, key_id, greatest(steps / 2, 1) * ratio_cost AS cost, greatest(steps / 2, 1) * ratio_price AS price, label
  FROM seed.funding
  UNION ALL
  SELECT begins + make_interval(secs => 86400.0 * days * n / (:keys + 1)), 8, key_id, (steps - greatest(steps / 2, 1)) * ratio_cost,
         (steps - greatest(steps / 2, 1)) * ratio_price, NULL
  FROM seed.funding, seed.plan WHERE steps > greatest(steps / 2, 1)
  UNION ALL
  SELECT ends - make_interval(secs => n), 11, key_id, 0, 0, NULL FROM seed.funding, seed.plan WHERE status = 3
  UNION ALL
  SELECT ends - make_interval(secs => n), 10, key_id, (steps - used_steps) * ratio_cost, 0, NULL
  FROM seed.funding, seed.plan WHERE status = 3 AND steps > used_steps
), deposit AS (                                             -- one a week, all that is needed before the first key
  SELECT begins - interval '91 days' + make_interval(days => 7 * n) AS at, 1 AS kind, NULL::uuid AS key_id,
         CASE n WHEN 0 THEN (SELECT sum(cost) FROM entry WHERE kind IN (7, 8)) ELSE 5000000000000 END::bigint AS cost, 0::bigint AS price
  FROM seed.plan, generate_series(0, 25) AS n
), correction AS (
  SELECT begins - make_interval(days => n) AS at, 5 AS kind, NULL::uuid, 1000000000::bigint AS cost, 0::bigint
  FROM seed.plan, generate_series(1, 80, 20) AS n
)
SELECT calls + row_number() OVER (ORDER BY at, kind DESC) AS seq, e.*, CASE WHEN kind = 1 THEN gen_random_uuid() END AS topup_id
FROM (SELECT * FROM entry UNION ALL SELECT d.*, NULL FROM deposit d UNION ALL SELECT c.*, NULL FROM correction c) e, seed.plan;

INSERT INTO ledger.topup (topup_id, account_id, provider, requested, state, credited, credited_seq, attempt_key, created_at)
SELECT topup_id, account_id, 'seed', cost, 'credited', cost, seq, topup_id::text, at FROM seed.entry, seed.plan WHERE kind = 1;

INSERT INTO ledger.client_key (key_id, account_id, label, status, paused, ratio_cost, ratio_price, budget, funded, posted, refunded,
                               spent_price, created_at)
SELECT key_id, account_id, label, status, status = 1 AND n % 50 = 9, ratio_cost, ratio_price, steps * ratio_price, steps * ratio_cost,
       posted, CASE WHEN status = 3 THEN steps * ratio_cost - posted ELSE 0 END, spent, made
FROM seed.funding, seed.plan ORDER BY n;
INSERT INTO ledger.key_secret (secret_hash, account_id, key_id, pepper_version, hint)
SELECT sha256(('seed' || n)::bytea), account_id, key_id, 1, 'sk-ant-' || lpad((n * 7919 % 100000)::text, 5, '0') FROM seed.key, seed.plan;

INSERT INTO ledger.journal (account_id, seq, kind, key_id, cost, price, owed, epoch, detail, at)
SELECT account_id, seq, kind, key_id, cost, price, 0, 1,
       CASE kind WHEN 1 THEN jsonb_build_object('topup_id', topup_id) WHEN 7 THEN jsonb_build_object('label', label)
                 WHEN 5 THEN '{"reason": "a good year"}'::jsonb END, at
FROM seed.entry, seed.plan ORDER BY seq;

SET LOCAL session_replication_role = replica;
UPDATE ledger.account a SET last_seq = e.n + p.calls, deposits = e.deposits, granted = e.granted,
       main = e.deposits + e.granted - e.funded + e.refunded, escrow = e.funded - e.refunded - u.cost, consumed = u.cost
FROM seed.plan p, (SELECT sum(cost) AS cost FROM seed.used) u,
     (SELECT count(*) AS n, coalesce(sum(cost) FILTER (WHERE kind = 1), 0) AS deposits, coalesce(sum(cost) FILTER (WHERE kind = 5), 0) AS granted,
             coalesce(sum(cost) FILTER (WHERE kind IN (7, 8)), 0) AS funded, coalesce(sum(cost) FILTER (WHERE kind = 10), 0) AS refunded
      FROM seed.entry) e
WHERE a.account_id = p.account_id;
COMMIT;
