SELECT min(available_at) FROM jobs WHERE NOT EXISTS (SELECT FROM job_pause)
