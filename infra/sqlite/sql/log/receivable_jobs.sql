SELECT number, id, priority, payload, deliveries
FROM jobs
WHERE available_at_us <= ?1 AND NOT EXISTS (SELECT 1 FROM job_pause)
ORDER BY turn_us, number
LIMIT ?2
