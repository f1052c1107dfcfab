DELETE FROM readings
WHERE motor_id = ?1 AND sensor = ?2 AND axis = ?3 AND at_us IN (
    SELECT at_us
    FROM readings
    WHERE motor_id = ?1 AND sensor = ?2 AND axis = ?3 AND at_us < ?4
    ORDER BY at_us
    LIMIT ?5
)
