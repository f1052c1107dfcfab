SELECT d.id, d.handler, d.event, d.reason, d.attempts, d.parked_at, EXISTS (
    SELECT
    FROM replay_requests AS q
    WHERE q.handler = d.handler AND q.category = d.category AND q.stream_id = d.stream_id
) AS replay_requested
FROM dead_letters AS d
WHERE d.id > $1
ORDER BY d.id
LIMIT $2
