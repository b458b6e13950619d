SELECT EXISTS (
  SELECT 1
  FROM (SELECT action, object, detail
        FROM web.audit
        WHERE account_id = $1
        ORDER BY audit_id DESC
        -- A form is sent again within moments: older acts need no look, however many there are.
        LIMIT 1000) recent
  WHERE action = $2
    AND object IS NOT DISTINCT FROM $3
    AND detail->>'operation' = $4)
