INSERT INTO spectra (motor_id, sensor, axis, at_us, resolution_hz, unit, speed_rpm, amplitudes)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
