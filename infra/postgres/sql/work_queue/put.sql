INSERT INTO jobs (id, priority, payload, available_at, turn)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO NOTHING
