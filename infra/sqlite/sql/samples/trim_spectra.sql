DELETE FROM spectra
WHERE motor_id = ?1 AND sensor = ?2 AND axis = ?3 AND at_us <= (
    SELECT at_us
    FROM spectra
    WHERE motor_id = ?1 AND sensor = ?2 AND axis = ?3
    ORDER BY at_us DESC
    LIMIT 1 OFFSET ?4
)
