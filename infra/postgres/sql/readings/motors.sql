SELECT motor_id
FROM processor_states
WHERE $1::uuid IS NULL OR motor_id > $1
ORDER BY motor_id
LIMIT $2
