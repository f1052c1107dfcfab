SELECT motor_id, sensor, axis, min(?1, newest_at_us)
FROM series
WHERE EXISTS (
    SELECT 1
    FROM readings
    WHERE readings.motor_id = series.motor_id
        AND readings.sensor = series.sensor
        AND readings.axis = series.axis
        AND readings.at_us < min(?1, series.newest_at_us)
)
LIMIT 1
