INSERT INTO renditions (content, task_id, until_us, outcome)
VALUES (?1, ?2, 0, ?3)
ON CONFLICT (content) DO UPDATE
SET task_id = excluded.task_id, outcome = excluded.outcome
WHERE outcome IS NULL
