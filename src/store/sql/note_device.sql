WITH known AS (
  SELECT count(*) AS devices FROM web.device WHERE site = $1 AND person = $2), added AS (
  INSERT INTO web.device (site, person, device)
  VALUES ($1, $2, $3)
  ON CONFLICT DO NOTHING
  RETURNING true)
-- The first device of all is the one a person began with.
SELECT EXISTS (SELECT FROM added) AND known.devices > 0
FROM known
