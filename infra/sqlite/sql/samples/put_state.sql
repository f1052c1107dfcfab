INSERT INTO states (motor_id, state)
VALUES (?1, ?2)
ON CONFLICT (motor_id) DO UPDATE SET state = excluded.state
