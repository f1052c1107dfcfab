INSERT INTO checkpoints (name, position, checkpoint)
VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET position = excluded.position, checkpoint = excluded.checkpoint
WHERE excluded.position >= checkpoints.position
