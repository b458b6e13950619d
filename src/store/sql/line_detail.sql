SELECT c.call_id, c.key_id, c.model, c.input, c.output, c.cache_read, c.cache_write, c.price, c.cost, c.outcome, c.flags,
       c.started_at, c.ended_at, c.detail->>'requested' AS requested, k.label,
       (c.detail->>'price_version')::int AS price_version, c.detail->>'upstream_id' AS upstream_id,
       coalesce((c.detail->>'cache_write_5m')::bigint, 0) AS cache_write_5m,
       coalesce((c.detail->>'cache_write_1h')::bigint, 0) AS cache_write_1h,
       coalesce((c.detail->>'web_searches')::bigint, 0) AS web_searches
FROM ledger.call c
JOIN ledger.client_key k USING (key_id)
WHERE c.call_id = $1
  AND c.account_id = $2
