SELECT position, aggregate_id, sequence, event_type, event_version, payload, metadata
FROM events
WHERE position > $2 AND aggregate_type = $1
ORDER BY position
LIMIT $3
