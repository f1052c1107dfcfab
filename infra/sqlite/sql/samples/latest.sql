SELECT readings.sensor, readings.axis, readings.at_us, readings.features, readings.quality
FROM series
JOIN readings
    ON readings.motor_id = series.motor_id
    AND readings.sensor = series.sensor
    AND readings.axis = series.axis
    AND readings.at_us = series.newest_at_us
WHERE series.motor_id = ?1
