SELECT position, category, stream_id, version, event_type, schema_version, recorded_at_us, metadata, data
FROM events
WHERE category = ?1 AND stream_id = ?2 AND version > ?3
ORDER BY version
LIMIT ?4
