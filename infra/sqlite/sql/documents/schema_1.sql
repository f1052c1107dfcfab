-- The collections that there are, and how far each one has come. Their documents are in tables of their own.
CREATE TABLE collections (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    position INTEGER,
    checkpoint TEXT,
    PRIMARY KEY (name, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE generations (
    name TEXT PRIMARY KEY,
    live INTEGER,
    previous INTEGER,
    newest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
