SELECT account_id, key_id, ratio_cost, ratio_price, budget, funded, status
FROM ledger.client_key
WHERE account_id = ANY ($1)
  -- A closed key takes no more ops that its account would have to know of.
  AND status <> 3
