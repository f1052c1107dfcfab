INSERT INTO samples (motor_id, received_at_us, bytes, header, waveform)
VALUES (?1, ?2, ?3, ?4, ?5)
