WITH turn AS MATERIALIZED (
    SELECT id, available_at, put
    FROM jobs
    WHERE available_at <= $2
    ORDER BY priority DESC, available_at, put
    LIMIT $1
    FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE jobs
    SET available_at = $3, token = nextval('lease_tokens'), deliveries = deliveries + 1
    FROM turn
    WHERE jobs.id = turn.id
    RETURNING jobs.id, jobs.priority, jobs.payload, jobs.token, jobs.deliveries,
        turn.available_at AS available_at, turn.put
)
SELECT id, priority, payload, token, deliveries
FROM leased
ORDER BY priority DESC, available_at, put
