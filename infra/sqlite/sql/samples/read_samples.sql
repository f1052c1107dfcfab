SELECT position, motor_id, received_at_us, header, waveform
FROM samples
WHERE position > ?1
ORDER BY position
LIMIT ?2
