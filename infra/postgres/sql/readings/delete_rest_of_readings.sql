DELETE FROM readings_rest
WHERE (series_id, at) IN (
    SELECT r.series_id, r.at
    FROM readings_rest AS r
    WHERE r.at < $1
        AND NOT EXISTS (SELECT FROM series AS s WHERE s.id = r.series_id AND s.newest_at = r.at)
        AND NOT EXISTS (SELECT FROM spectra AS p WHERE p.series_id = r.series_id AND p.at = r.at)
    LIMIT $2
)
