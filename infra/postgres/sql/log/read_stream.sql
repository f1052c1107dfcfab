SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, recorded_at,
    payload::text AS payload, metadata::text AS metadata
FROM events
WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence > $3 AND position IS NOT NULL
ORDER BY sequence
LIMIT $4
