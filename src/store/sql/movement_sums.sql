SELECT coalesce(sum(change) FILTER (WHERE day < $2), 0)::bigint AS opening,
       coalesce(sum(change), 0)::bigint AS closing,
       coalesce(min(first_seq) FILTER (WHERE day >= $2), 1) AS first_seq,
       -- None in the month: a range without a place.
       coalesce(max(last_seq) FILTER (WHERE day >= $2), 0) AS last_seq,
       coalesce(sum(change) FILTER (WHERE day >= $2 AND kind IN (1, 14)), 0)::bigint AS paid_in,
       coalesce(sum(change) FILTER (WHERE day >= $2 AND kind = 2), 0)::bigint AS taken_back,
       coalesce(sum(change) FILTER (WHERE day >= $2 AND kind BETWEEN 3 AND 6), 0)::bigint AS corrected,
       coalesce(sum(change) FILTER (WHERE day >= $2 AND kind IN (7, 8)), 0)::bigint AS into_keys,
       coalesce(sum(change) FILTER (WHERE day >= $2 AND kind = 10), 0)::bigint AS from_keys
FROM ledger.journal_day
WHERE account_id = $1
  AND day < $3
