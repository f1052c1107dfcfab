SELECT DISTINCT category, stream_id
FROM dead_letters
WHERE handler = $1
ORDER BY category, stream_id
