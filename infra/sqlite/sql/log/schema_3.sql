-- What was made of which content; without an outcome: who is at it, and until when that counts.
CREATE TABLE renditions (
    content TEXT PRIMARY KEY,
    task_id BLOB NOT NULL,
    until_us INTEGER NOT NULL,
    outcome TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX renditions_by_task ON renditions (task_id);
