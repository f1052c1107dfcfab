SELECT
    count(*) FILTER (WHERE available_at_us <= ?1),
    count(*) FILTER (WHERE available_at_us > ?1 AND token = 0),
    count(*) FILTER (WHERE available_at_us > ?1 AND token != 0),
    min(available_at_us) FILTER (WHERE available_at_us <= ?1),
    (SELECT since_us FROM job_pause)
FROM jobs
