INSERT INTO {table} (key, position, body)
VALUES (?1, ?2, ?3)
ON CONFLICT (key) DO UPDATE
SET position = excluded.position, body = excluded.body
WHERE excluded.position > {table}.position
