-- Every event of every stream. The position has no gaps: it is one more than the highest there is, and no row
-- ever goes.
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    category TEXT NOT NULL,
    stream_id BLOB NOT NULL CHECK (length(stream_id) = 16),
    version INTEGER NOT NULL,
    event_type TEXT NOT NULL CHECK (event_type <> ''),
    schema_version INTEGER NOT NULL,
    recorded_at_us INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (category, stream_id, version)
) STRICT;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

-- What became of each command that carried a key.
CREATE TABLE commands (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    category TEXT NOT NULL,
    stream_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    events INTEGER NOT NULL,
    recorded_at_us INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX commands_by_age ON commands (recorded_at_us);

CREATE TABLE checkpoints (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    checkpoint TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Ids are never used twice, since people hold on to them.
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    handler TEXT NOT NULL,
    category TEXT NOT NULL,
    stream_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    parked_at_us INTEGER NOT NULL,
    reason TEXT NOT NULL,
    event TEXT NOT NULL,
    UNIQUE (handler, category, stream_id, version)
) STRICT;

CREATE TABLE replay_requests (
    handler TEXT NOT NULL,
    category TEXT NOT NULL,
    stream_id BLOB NOT NULL,
    PRIMARY KEY (handler, category, stream_id)
) STRICT, WITHOUT ROWID;

-- A job can be received from `available_at_us` on; while it is leased, that is when the lease runs out.
-- `token` is 0 while nobody holds it.
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    priority INTEGER NOT NULL,
    payload TEXT NOT NULL,
    available_at_us INTEGER NOT NULL,
    token INTEGER NOT NULL DEFAULT 0,
    deliveries INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX jobs_by_turn ON jobs (priority DESC, available_at_us, number);
CREATE INDEX jobs_by_time ON jobs (available_at_us);

-- No two leases ever had the same token, also of a job that was taken out and put in again.
CREATE TABLE leases (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    newest_token INTEGER NOT NULL
) STRICT;

INSERT INTO leases (one, newest_token) VALUES (1, 0);
