SELECT version, position
FROM events
WHERE category = ?1 AND stream_id = ?2
ORDER BY version DESC
LIMIT 1
