UPDATE web.preference
SET exact_times = $2,
    single_keys = $3,
    low_on = $4,
    low_below = $5,
    message = $6,
    portal_name = $7,
    logo = $8,
    changed_at = clock_timestamp()
WHERE account_id = $1
