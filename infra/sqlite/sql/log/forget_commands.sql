DELETE FROM commands
WHERE (scope, key) IN (
    SELECT scope, key
    FROM commands
    WHERE recorded_at_us < ?1
    ORDER BY recorded_at_us
    LIMIT ?2
)
