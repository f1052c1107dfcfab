INSERT INTO events (
    category, stream_id, version, event_type, schema_version, recorded_at_us, metadata, data
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
