DELETE FROM commands
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM commands WHERE recorded_at < now() - make_interval(days => $1) ORDER BY recorded_at LIMIT $2
))
