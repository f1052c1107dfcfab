SELECT s.sensor, s.axis, newest.*
FROM series AS s
CROSS JOIN LATERAL (
    SELECT r.at, f.names, r.feature_values, r.quality, p.resolution_hz, p.speed_rpm, p.unit, p.amplitudes
    FROM spectra AS p
    JOIN readings AS r ON r.series_id = p.series_id AND r.at = p.at
    JOIN feature_sets AS f ON f.id = r.feature_set_id
    WHERE p.series_id = s.id AND r.has_spectrum
    ORDER BY p.at DESC
    LIMIT 1
) AS newest
WHERE s.motor_id = $1 AND ($2::text IS NULL OR s.sensor = $2) AND ($3::text IS NULL OR s.axis = $3)
ORDER BY newest.at DESC, s.sensor DESC, s.axis DESC
LIMIT 1
