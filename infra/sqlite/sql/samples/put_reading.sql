INSERT INTO readings (motor_id, sensor, axis, at_us, features, quality)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (motor_id, sensor, axis, at_us) DO UPDATE
SET features = excluded.features, quality = excluded.quality
