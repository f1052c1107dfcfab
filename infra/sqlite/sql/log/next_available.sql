SELECT min(available_at_us) FROM jobs WHERE NOT EXISTS (SELECT 1 FROM job_pause)
