WITH wanted AS (
    SELECT handler, category, stream_id FROM dead_letters WHERE id = $1
), requested AS (
    INSERT INTO replay_requests (handler, category, stream_id)
    SELECT handler, category, stream_id FROM wanted
    ON CONFLICT DO NOTHING
)
SELECT EXISTS (SELECT FROM wanted)
