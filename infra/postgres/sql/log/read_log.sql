-- The page, beside the head that it was read under: both as of one moment. Without events there is one row, of nulls.
-- The rows come in no order that is promised: sorting them here would cost more than it does where they are read.
--
-- The position alone leads to the rows. Before the table is analysed for the first time, the planner takes the key of
-- the table for a way to those of one type; that would read all of them for each page, hence `|| ''`.
SELECT page.*, now.head
FROM (SELECT (SELECT position FROM log_head) AS head) AS now
LEFT JOIN LATERAL (
    SELECT *
    FROM (
        SELECT *, sum(octet_length(payload)) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) - octet_length(payload)
            AS bytes_before
        FROM (
            SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, recorded_at,
                payload::text AS payload, metadata::text AS metadata
            FROM events
            WHERE position > $1 AND position <= least(now.head, $2)
                AND ($3::text[] IS NULL OR aggregate_type || '' = ANY ($3) OR ($4 AND aggregate_type !~ '^[a-z_]+$'))
                AND ($5::text IS NULL OR event_type = $5)
            ORDER BY position
            LIMIT $6
        ) AS matching
    ) AS measured
    WHERE bytes_before <= $7
) AS page ON true
