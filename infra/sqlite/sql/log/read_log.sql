SELECT position, category, stream_id, version, event_type, schema_version, recorded_at_us, metadata, data
FROM events
WHERE position > ?1
    AND position <= ?2
    AND (?3 IS NULL OR category IN (SELECT value FROM json_each(?3)))
    AND (?4 IS NULL OR event_type = ?4)
ORDER BY position
LIMIT ?5
