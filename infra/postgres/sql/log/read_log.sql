-- The page, beside the head that it was read under: both as of one moment. Without events there is one row, of nulls.
SELECT log_head.position AS head, page.*
FROM log_head
LEFT JOIN LATERAL (
    SELECT *
    FROM (
        SELECT *, sum(octet_length(payload)) OVER (ORDER BY position) - octet_length(payload) AS bytes_before
        FROM (
            SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, recorded_at,
                payload::text AS payload, metadata::text AS metadata
            FROM events
            WHERE position > $1 AND position <= least(log_head.position, $2)
                AND ($3::text[] IS NULL OR aggregate_type = ANY ($3) OR ($4 AND aggregate_type !~ '^[a-z_]+$'))
                AND ($5::text IS NULL OR event_type = $5)
            ORDER BY position
            LIMIT $6
        ) AS matching
    ) AS measured
    WHERE bytes_before <= $7
) AS page ON true
ORDER BY page.position
