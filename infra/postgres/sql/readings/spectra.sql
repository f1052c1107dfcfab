SELECT
    s.sensor, s.axis, r.at, f.names, r.feature_values, r.quality, p.resolution_hz, p.speed_rpm, p.unit, p.amplitudes
FROM series AS s
JOIN spectra AS p ON p.series_id = s.id
JOIN readings AS r ON r.series_id = p.series_id AND r.at = p.at
JOIN feature_sets AS f ON f.id = r.feature_set_id
WHERE s.motor_id = $1 AND s.sensor = $2 AND s.axis = $3 AND r.has_spectrum
    AND p.at >= $4 AND p.at < coalesce($5, 'infinity')
ORDER BY p.at DESC
LIMIT $6
