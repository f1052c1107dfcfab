-- What was made of which content; without an outcome: who is at it, and until when that counts.
CREATE TABLE renditions (
    content text COLLATE "C" PRIMARY KEY,
    task_id uuid NOT NULL,
    until timestamptz NOT NULL,
    outcome text
);

CREATE INDEX renditions_by_task ON renditions (task_id);
