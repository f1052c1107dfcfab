SELECT
    readings.sensor, readings.axis, readings.at_us, readings.features, readings.quality,
    spectra.resolution_hz, spectra.unit, spectra.speed_rpm, spectra.amplitudes
FROM spectra
JOIN readings USING (motor_id, sensor, axis, at_us)
WHERE spectra.motor_id = ?1
    AND spectra.sensor = ?2
    AND spectra.axis = ?3
    AND spectra.at_us >= ?4
    AND spectra.at_us < ?5
ORDER BY spectra.at_us DESC
LIMIT ?6
