-- First of three: partitions, and the keys as they will be, in a scratch schema.
--   account  an account without any op      keys, calls, days  how much
CREATE SCHEMA seed;
CREATE UNLOGGED TABLE seed.plan AS
SELECT :'account'::uuid AS account_id, :calls::bigint AS calls, :days::int AS days,
       clock_timestamp() - make_interval(days => :days) AS begins, clock_timestamp() AS ends;

-- A UUIDv7 of an instant, with a tail from a hash.
CREATE FUNCTION seed.uuid7(at timestamptz, salt text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(salt), 1, 3) || '8'
          || substr(md5(salt), 4, 15))::uuid
$$;

SELECT count(ledger.make_call_partition(monday::date, 7)) AS partitions
FROM seed.plan, generate_series(date_trunc('week', begins, 'UTC'), ends, interval '7 days') AS monday;

-- Keys were made in the 90 days before the first call. Each has one of five ratios; costs are multiples of its cost part,
-- so that every line lies exactly on it.
CREATE UNLOGGED TABLE seed.key AS
SELECT n, seed.uuid7(made, 'key' || n) AS key_id, made,
       (ARRAY['acme','globex','initech','umbrella','hooli','stark','wayne','tyrell','northwind','vandelay'])[1 + n % 10]
         || '-' || (ARRAY['prod','staging','eval','support','search'])[1 + n / 10 % 5] || '-' || lpad(n::text, 5, '0') AS label,
       (ARRAY[3, 13, 1, 7, 16])[1 + n % 5]::bigint AS ratio_cost, (ARRAY[5, 20, 1, 10, 25])[1 + n % 5]::bigint AS ratio_price
FROM (SELECT n, begins - interval '90 days' + make_interval(secs => 86400.0 * 90 * n / (:keys + 1)) AS made
      FROM seed.plan, generate_series(1, :keys) AS n) k;
CREATE UNIQUE INDEX ON seed.key (n);
ANALYZE seed.key;
