SELECT
    readings.sensor, readings.axis, readings.at_us, readings.features, readings.quality,
    spectra.resolution_hz, spectra.unit, spectra.speed_rpm, spectra.amplitudes
FROM spectra
JOIN readings USING (motor_id, sensor, axis, at_us)
WHERE spectra.motor_id = ?1
    AND (?2 IS NULL OR spectra.sensor = ?2)
    AND (?3 IS NULL OR spectra.axis = ?3)
ORDER BY spectra.at_us DESC, spectra.sensor DESC, spectra.axis DESC
LIMIT 1
