DELETE FROM replay_requests WHERE handler = $1 AND category = $2 AND stream_id = $3
