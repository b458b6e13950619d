SELECT count(*)
FROM web.mail
WHERE created_at > clock_timestamp() - interval '1 hour'
