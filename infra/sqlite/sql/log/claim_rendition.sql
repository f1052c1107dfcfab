INSERT INTO renditions (content, task_id, until_us)
VALUES (?1, ?2, ?4)
ON CONFLICT (content) DO UPDATE
SET task_id = excluded.task_id, until_us = excluded.until_us
WHERE outcome IS NULL AND (until_us <= ?3 OR task_id = excluded.task_id)
