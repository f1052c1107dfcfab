SELECT state FROM states WHERE motor_id = ?1
