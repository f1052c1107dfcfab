SELECT category, stream_id
FROM replay_requests
WHERE handler = $1
ORDER BY category, stream_id
