INSERT INTO replay_requests (handler, category, stream_id)
SELECT handler, category, stream_id FROM dead_letters WHERE id = ?1
ON CONFLICT DO NOTHING
