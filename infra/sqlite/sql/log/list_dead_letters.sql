SELECT id, handler, event, reason, attempts, parked_at_us, EXISTS (
    SELECT 1
    FROM replay_requests
    WHERE replay_requests.handler = dead_letters.handler
        AND replay_requests.category = dead_letters.category
        AND replay_requests.stream_id = dead_letters.stream_id
) AS replay_requested
FROM dead_letters
WHERE id > ?1
ORDER BY id
LIMIT ?2
