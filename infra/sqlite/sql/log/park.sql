INSERT INTO dead_letters (
    handler, category, stream_id, version, attempts, parked_at_us, reason, event
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (handler, category, stream_id, version) DO NOTHING
