SELECT motor_id
FROM states
WHERE ?1 IS NULL OR motor_id > ?1
ORDER BY motor_id
LIMIT ?2
