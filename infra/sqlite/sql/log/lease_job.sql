UPDATE jobs
SET available_at_us = ?2, token = ?3, deliveries = deliveries + 1
WHERE number = ?1
