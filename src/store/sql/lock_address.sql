-- First sign-ins of one address take turns, so that it becomes one record.
SELECT pg_advisory_xact_lock(hashtextextended($1, 0))
