INSERT INTO renditions AS known (content, task_id, until, outcome)
VALUES ($1, $2, now(), $3)
ON CONFLICT (content) DO UPDATE
SET task_id = excluded.task_id, outcome = excluded.outcome
WHERE known.outcome IS NULL
