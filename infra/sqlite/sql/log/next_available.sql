SELECT min(available_at_us) FROM jobs
