SELECT received_at_us
FROM samples
WHERE position > ?1
ORDER BY position
LIMIT 1
