-- A removed document keeps its row, with no body.
CREATE TABLE IF NOT EXISTS {table} (
    key TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    body TEXT
) STRICT, WITHOUT ROWID
