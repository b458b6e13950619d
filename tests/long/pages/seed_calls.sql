-- Second of three, for several sessions at once: the calls of one part of the time, and what their hours sum to.
--   part, parts  which part of how many
SET work_mem = '512MB';
SET synchronous_commit = off;
SELECT setseed(0.1 + 0.8 * :part / :parts) \g /dev/null
-- Four in five calls are spread over all keys, the fifth over a few hundred, the first of them most.
WITH drawn AS (
  SELECT i, random() AS whose, random() AS which, random() AS model, random() AS state, random() AS size, random() AS took
  FROM seed.plan, generate_series(1 + calls * :part / :parts, calls * (:part + 1) / :parts) AS i
), placed AS (
  SELECT i, state, size, begins + (ends - begins) * (i::float8 / calls) - make_interval(secs => 1) AS ended, took,
         CASE WHEN whose < 0.8 THEN 1 + floor(which * :keys) ELSE 1 + floor(which ^ 4 * least(:keys, 400)) END::int AS n,
         CASE WHEN model < 0.46 THEN 'claude-sonnet-4-5' WHEN model < 0.76 THEN 'claude-haiku-4-5'
              WHEN model < 0.94 THEN 'claude-opus-4-8' WHEN model < 0.999 THEN 'gpt-5' ELSE 'gpt-5-nano' END AS model
  FROM drawn, seed.plan
), ended AS (
  SELECT p.*, k.key_id, k.ratio_cost, k.ratio_price, ended - make_interval(secs => 0.5 + 20 * took ^ 3) AS started,
         CASE WHEN state < 0.010 THEN 4 ELSE 1 END::smallint AS outcome,
         CASE WHEN state < 0.010 THEN 0 WHEN state < 0.014 THEN 1 WHEN state < 0.016 THEN 3 WHEN state < 0.024 THEN 4
              WHEN state < 0.026 THEN 8 ELSE 0 END::smallint AS flags,
         CASE WHEN state < 0.010 THEN 0 ELSE 1 + floor(size ^ 6 * 40000000 / k.ratio_cost) END::bigint AS steps
  FROM placed p JOIN seed.key k USING (n)
), made AS (
INSERT INTO ledger.call (call_id, account_id, key_id, seq, epoch, outcome, flags, cost, price, absorbed, model,
                         input, output, cache_read, cache_write, detail, started_at, ended_at, at)
SELECT seed.uuid7(started, 'call' || i), account_id, key_id, i, 1, outcome, flags, steps * ratio_cost, steps * ratio_price, 0,
       model, 20 + floor(4000 * size)::bigint, floor(900 * size)::bigint, floor(took * 30000)::bigint, floor(took * size * 2000)::bigint,
       '{"price_version": 1, "upstream_id": "msg_0123456789"}', started, ended, ended
FROM ended, seed.plan
RETURNING key_id, ended_at, model, account_id, outcome, input, output, cache_read, cache_write, cost, price
)
INSERT INTO ledger.usage_hour AS u (key_id, hour, model, account_id, calls, unbilled, input, output, cache_read, cache_write, cost, price, absorbed)
SELECT key_id, date_trunc('hour', ended_at, 'UTC'), model, account_id, count(*), count(*) FILTER (WHERE outcome <> 1),
       sum(input), sum(output), sum(cache_read), sum(cache_write), sum(cost), sum(price), 0
FROM made GROUP BY 1, 2, 3, 4 ORDER BY 2                   -- as they come: the rows of an hour lie together
ON CONFLICT (key_id, hour, model) DO UPDATE SET           -- the hour in which one part ends and the next begins
    calls = u.calls + excluded.calls, unbilled = u.unbilled + excluded.unbilled,
    input = u.input + excluded.input, output = u.output + excluded.output,
    cache_read = u.cache_read + excluded.cache_read, cache_write = u.cache_write + excluded.cache_write,
    cost = u.cost + excluded.cost, price = u.price + excluded.price;
