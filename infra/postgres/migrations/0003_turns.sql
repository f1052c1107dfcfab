-- Jobs go by turns: no priority overtakes for ever. `turn` is when the turn of a job is, as `Job::turn` says; the
-- default is for processes of the release before, which do not know of it.
ALTER TABLE jobs ADD COLUMN turn timestamptz NOT NULL DEFAULT now();

UPDATE jobs SET turn = available_at - priority * interval '1 minute';

DROP INDEX jobs_by_turn;

CREATE INDEX jobs_by_turn ON jobs (turn, put);

-- While there is a row, no job is received.
CREATE TABLE job_pause (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    since timestamptz NOT NULL
);
