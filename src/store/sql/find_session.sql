SELECT s.session_id, s.account_id, s.user_id,
       coalesce(r.address, u.address) AS address,
       s.proved_at > clock_timestamp() - make_interval(secs => $5) AS fresh,
       s.last_seen_at < clock_timestamp() - interval '1 minute' AS unseen
FROM web.session s
LEFT JOIN web.reseller r USING (account_id)
LEFT JOIN web.portal_user u USING (user_id)
WHERE s.token_hash = $1
  AND s.site = $2
  AND s.last_seen_at > clock_timestamp() - make_interval(secs => $3)
  AND s.created_at > clock_timestamp() - make_interval(secs => $4)
