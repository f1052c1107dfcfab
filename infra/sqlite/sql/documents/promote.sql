INSERT INTO generations (name, live, previous, newest)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (name) DO UPDATE
SET live = excluded.live, previous = excluded.previous, newest = excluded.newest
