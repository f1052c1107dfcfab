INSERT INTO renditions AS known (content, task_id, until)
VALUES ($1, $2, $4)
ON CONFLICT (content) DO UPDATE
SET task_id = excluded.task_id, until = excluded.until
WHERE known.outcome IS NULL AND (known.until <= $3 OR known.task_id = excluded.task_id)
