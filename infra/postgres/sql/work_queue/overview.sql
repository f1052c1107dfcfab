SELECT
    count(*) FILTER (WHERE available_at <= $1),
    count(*) FILTER (WHERE available_at > $1 AND token = 0),
    count(*) FILTER (WHERE available_at > $1 AND token != 0),
    min(available_at) FILTER (WHERE available_at <= $1),
    (SELECT since FROM job_pause)
FROM jobs
