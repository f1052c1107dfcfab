UPDATE jobs
SET available_at_us = ?3
WHERE id = ?1 AND token = ?2
