-- Each series is read from its newest reading back, so that a long history costs nothing beyond the points asked for.
WITH places AS MATERIALIZED (
    SELECT id, array_position(names, $2) AS place FROM feature_sets WHERE $2 = ANY (names)
)
SELECT point.at, s.sensor, s.axis, point.value
FROM series AS s
CROSS JOIN LATERAL (
    SELECT r.at, r.feature_values[(SELECT place FROM places WHERE id = r.feature_set_id)] AS value
    FROM readings AS r
    WHERE r.series_id = s.id AND r.at >= $5 AND r.at < coalesce($6, 'infinity')
        AND r.feature_set_id IN (SELECT id FROM places)
    ORDER BY r.at DESC
    LIMIT $7
) AS point
WHERE s.motor_id = $1 AND ($3::text IS NULL OR s.sensor = $3) AND ($4::text IS NULL OR s.axis = $4)
ORDER BY point.at DESC, s.sensor DESC, s.axis DESC
LIMIT $7
