-- Calls that end within a moment keep their notes out of the table: their batches look for none there and write none.
-- The fence, sums, rules and rows of commit_settles without the parts for open calls.
CREATE FUNCTION ledger.commit_unnoted(
  p_node uuid, p_boot uuid,
  a_account uuid[], a_seq bigint[], a_epoch bigint[], a_key uuid[], a_cost bigint[], a_price bigint[], a_detail jsonb[],
  a_call uuid[], a_outcome smallint[], a_flags smallint[], a_absorbed bigint[], a_model text[],
  a_input bigint[], a_output bigint[], a_cache_read bigint[], a_cache_write bigint[],
  a_started timestamptz[], a_ended timestamptz[])
RETURNS TABLE (r_account uuid, r_last_seq bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = ledger, pg_temp
SET plan_cache_mode = force_generic_plan       -- as in commit_batch
SET enable_seqscan = off
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH op AS MATERIALIZED (
    SELECT o.* FROM unnest(a_account, a_seq, a_epoch, a_key, a_cost, a_price, a_detail, a_call, a_outcome, a_flags,
        a_absorbed, a_model, a_input, a_output, a_cache_read, a_cache_write, a_started, a_ended)
      AS o(account_id, seq, epoch, key_id, cost, price, detail, call_id, outcome, flags,
           absorbed, model, input, output, cache_read, cache_write, started_at, ended_at)
  ), g AS (
    SELECT account_id, min(seq) lo, max(seq) hi, count(*) n, count(DISTINCT seq) d, min(epoch) e0, max(epoch) e1,
           sum(cost)::bigint cost
    FROM op GROUP BY account_id
  ), ok AS MATERIALIZED (                                   -- THE FENCE: rows locked in id order
    SELECT a.account_id, g.hi, g.cost
    FROM g JOIN account a USING (account_id) JOIN shard s USING (shard_id)
    WHERE a.last_seq = g.lo - 1 AND g.n = g.hi - g.lo + 1 AND g.d = g.n
      AND g.e0 = g.e1 AND s.epoch = g.e0 AND s.owner_node = p_node
    ORDER BY a.account_id
    FOR NO KEY UPDATE OF a FOR SHARE OF s
  ), live AS MATERIALIZED (
    SELECT op.* FROM op WHERE account_id IN (SELECT account_id FROM ok)
  ), kd AS MATERIALIZED (                                   -- deltas per key
    SELECT key_id, account_id, sum(cost)::bigint posted, sum(price)::bigint spent FROM live GROUP BY key_id, account_id
  ), ku AS (
    UPDATE client_key k SET
        posted = k.posted + d.posted, spent_price = k.spent_price + d.spent,
        status = CASE WHEN k.status = 2 AND k.posted + d.posted + k.refunded = k.funded THEN 3 ELSE k.status END
    FROM kd d WHERE k.key_id = d.key_id AND k.account_id = d.account_id
    RETURNING k.key_id
  ), au AS (
    UPDATE account a SET last_seq = d.hi, escrow = a.escrow - d.cost, consumed = a.consumed + d.cost
    FROM ok d WHERE a.account_id = d.account_id
    RETURNING a.account_id, a.last_seq
  ), cc AS (                                                -- a call settles once: the primary key is global
    INSERT INTO call (call_id, account_id, key_id, seq, epoch, outcome, flags, cost, price, absorbed, model,
                      input, output, cache_read, cache_write, detail, started_at, ended_at)
    SELECT call_id, account_id, key_id, seq, epoch, outcome, flags, cost, price, absorbed, model,
           input, output, cache_read, cache_write, detail, started_at, ended_at
    FROM live
    ON CONFLICT (call_id) DO NOTHING
    RETURNING call_id
  ), rr AS (
    INSERT INTO usage_hour AS u (key_id, hour, model, account_id, calls, unbilled, input, output, cache_read, cache_write, cost, price, absorbed)
    SELECT key_id, date_trunc('hour', ended_at, 'UTC'), model, account_id, count(*), count(*) FILTER (WHERE outcome <> 1),
           sum(input), sum(output), sum(cache_read), sum(cache_write), sum(cost), sum(price), sum(absorbed)
    FROM live GROUP BY 1, 2, 3, 4
    ON CONFLICT (key_id, hour, model) DO UPDATE SET
        calls = u.calls + excluded.calls, unbilled = u.unbilled + excluded.unbilled,
        input = u.input + excluded.input, output = u.output + excluded.output,
        cache_read = u.cache_read + excluded.cache_read, cache_write = u.cache_write + excluded.cache_write,
        cost = u.cost + excluded.cost, price = u.price + excluded.price, absorbed = u.absorbed + excluded.absorbed
  )
  SELECT au.account_id, au.last_seq FROM au                 -- CASE: who is to blame is asked only when someone is
  WHERE CASE WHEN (SELECT count(*) FROM ku) = (SELECT count(*) FROM kd) THEN true ELSE
             must(false, 'key unknown, foreign, or not active for funding',
                  (SELECT array_agg(DISTINCT account_id) FROM kd WHERE key_id NOT IN (SELECT key_id FROM ku))) END
    AND CASE WHEN (SELECT count(*) FROM cc) = (SELECT count(*) FROM live) THEN true ELSE
             must(false, 'call settled already',
                  (SELECT array_agg(DISTINCT account_id) FROM live WHERE call_id NOT IN (SELECT call_id FROM cc))) END;
END $$;
