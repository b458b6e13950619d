SELECT i.request_hash, j.seq, j.kind, j.key_id, j.cost, j.price,
       (SELECT coalesce(sum(p.price), 0)::bigint
        FROM ledger.journal p
        WHERE p.account_id = j.account_id AND p.key_id = j.key_id AND p.seq <= j.seq) AS budget_after,
       (SELECT coalesce(sum(CASE WHEN m.kind IN (1, 3, 5, 10, 14) THEN m.cost - m.owed
                                 WHEN m.kind IN (2, 4, 6) THEN m.owed - m.cost
                                 WHEN m.kind IN (7, 8) THEN -m.cost
                                 ELSE 0 END), 0)::bigint
        FROM ledger.journal m
        WHERE m.account_id = j.account_id AND m.seq <= j.seq) AS main_after
FROM ledger.idempotency i
JOIN ledger.journal j USING (account_id, seq)
WHERE i.account_id = $1
  AND i.idem = $2
