SELECT exact_times, single_keys, low_on, low_below, message, portal_name, logo
FROM web.preference
WHERE account_id = $1
FOR UPDATE
