SELECT count(*)
FROM web.mail
WHERE created_at > clock_timestamp() - interval '1 hour'
  -- Codes alone: mails about budgets and balances keep nobody from signing in.
  AND challenge_hash IS NOT NULL
