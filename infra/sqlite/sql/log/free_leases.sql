UPDATE jobs
SET available_at_us = ?1, token = 0
WHERE token != 0
