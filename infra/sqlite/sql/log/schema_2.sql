-- Jobs go by turns: no priority overtakes for ever. `turn_us` is when the turn of a job is, as `Job::turn` says.
ALTER TABLE jobs ADD COLUMN turn_us INTEGER NOT NULL DEFAULT 0;

UPDATE jobs SET turn_us = available_at_us - priority * 60000000;

DROP INDEX jobs_by_turn;

CREATE INDEX jobs_by_turn ON jobs (turn_us, number);

-- While there is a row, no job is received.
CREATE TABLE job_pause (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    since_us INTEGER NOT NULL
) STRICT;
