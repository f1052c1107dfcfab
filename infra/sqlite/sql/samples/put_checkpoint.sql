INSERT INTO processor (one, checkpoint)
VALUES (1, ?1)
ON CONFLICT (one) DO UPDATE SET checkpoint = excluded.checkpoint
