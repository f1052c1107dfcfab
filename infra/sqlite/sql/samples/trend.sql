SELECT at_us, sensor, axis, features
FROM readings
WHERE motor_id = ?1
    AND (?2 IS NULL OR sensor = ?2)
    AND (?3 IS NULL OR axis = ?3)
    AND at_us >= ?4
    AND at_us < ?5
ORDER BY at_us DESC, sensor DESC, axis DESC
