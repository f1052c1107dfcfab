DELETE FROM spectra_rest
WHERE (series_id, at) IN (
    SELECT p.series_id, p.at
    FROM spectra_rest AS p
    LEFT JOIN readings AS own ON own.series_id = p.series_id AND own.at = p.at
    WHERE p.at < $1
        AND (
            own.has_spectrum IS NOT TRUE
            OR EXISTS (
                SELECT
                FROM spectra AS newer
                JOIN readings AS r ON r.series_id = newer.series_id AND r.at = newer.at
                WHERE newer.series_id = p.series_id AND newer.at > p.at AND r.has_spectrum
            )
        )
    LIMIT $2
)
