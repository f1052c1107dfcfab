WITH chosen AS MATERIALIZED (
    SELECT id, turn, put
    FROM jobs
    WHERE available_at <= $2 AND NOT EXISTS (SELECT FROM job_pause)
    ORDER BY turn, put
    LIMIT $1
    FOR UPDATE OF jobs SKIP LOCKED
), leased AS (
    UPDATE jobs
    SET available_at = $3, token = nextval('lease_tokens'), deliveries = deliveries + 1
    FROM chosen
    WHERE jobs.id = chosen.id
    RETURNING jobs.id, jobs.priority, jobs.payload, jobs.token, jobs.deliveries, jobs.turn, jobs.put
)
SELECT id, priority, payload, token, deliveries
FROM leased
ORDER BY turn, put
