SELECT coalesce(sum(amount) FILTER (WHERE topup_id = $2), 0)::bigint AS of_topup,
       coalesce(sum(amount), 0)::bigint AS of_account
FROM ledger.refund_intent
WHERE account_id = $1
  AND state IN ('asked', 'accepted')
  -- An intent is weighed against all others.
  AND intent_id IS DISTINCT FROM $3
