DELETE FROM job_pause
