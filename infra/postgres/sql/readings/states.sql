SELECT motor_id, state FROM processor_states WHERE motor_id = ANY ($1)
