UPDATE jobs
SET available_at_us = ?3, turn_us = ?4, token = 0
WHERE id = ?1 AND token = ?2
