SELECT min(available_at) FROM jobs
