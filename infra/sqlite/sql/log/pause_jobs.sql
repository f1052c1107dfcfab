INSERT INTO job_pause (one, since_us) VALUES (1, ?1) ON CONFLICT (one) DO NOTHING
