SELECT position, received_at_us, bytes
FROM samples
WHERE position <= ?1
ORDER BY position
LIMIT ?2
