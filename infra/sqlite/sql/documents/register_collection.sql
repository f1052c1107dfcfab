INSERT INTO collections (name, generation)
VALUES (?1, ?2)
ON CONFLICT DO NOTHING
