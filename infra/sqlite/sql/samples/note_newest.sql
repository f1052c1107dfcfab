INSERT INTO series (motor_id, sensor, axis, newest_at_us)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (motor_id, sensor, axis) DO UPDATE
SET newest_at_us = excluded.newest_at_us
WHERE excluded.newest_at_us > series.newest_at_us
