SELECT mail_id, recipient, subject, text_body, html_body, state, created_at
FROM web.mail
ORDER BY mail_id DESC
LIMIT $1
