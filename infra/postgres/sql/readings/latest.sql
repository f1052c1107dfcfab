SELECT s.sensor, s.axis, r.at, f.names, r.feature_values, r.quality
FROM series AS s
JOIN readings AS r ON r.series_id = s.id AND r.at = s.newest_at
JOIN feature_sets AS f ON f.id = r.feature_set_id
WHERE s.motor_id = $1
