-- Held until the transaction ends, with its connection if the program dies.
SELECT pg_try_advisory_xact_lock(hashtextextended('commission:' || $1::text, 0))
