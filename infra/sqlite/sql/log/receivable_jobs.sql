SELECT number, id, priority, payload, deliveries
FROM jobs
WHERE available_at_us <= ?1
ORDER BY priority DESC, available_at_us, number
LIMIT ?2
