-- One look for a page of several keys: only if all of them are sold under it. A key without a row has the platform's.
SELECT min(p.portal_name) AS portal_name, min(p.logo) AS logo
FROM web.binding b
JOIN ledger.client_key k USING (key_id)
LEFT JOIN web.preference p USING (account_id)
WHERE b.user_id = $1
HAVING count(DISTINCT k.account_id) = 1
