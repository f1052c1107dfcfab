INSERT INTO commands (
    scope, key, fingerprint, category, stream_id, version, position, events, recorded_at_us
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
