INSERT INTO jobs (id, priority, payload, available_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO NOTHING
