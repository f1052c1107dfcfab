-- Samples as they came in. A position is never used twice, also when the samples at the end are gone.
CREATE TABLE samples (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    motor_id BLOB NOT NULL,
    received_at_us INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    header TEXT NOT NULL,
    waveform BLOB
) STRICT;

CREATE TABLE sample_total (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    bytes INTEGER NOT NULL
) STRICT;

INSERT INTO sample_total (one, bytes) VALUES (1, 0);

CREATE TRIGGER samples_are_counted AFTER INSERT ON samples
BEGIN
    UPDATE sample_total SET bytes = bytes + new.bytes;
END;

CREATE TRIGGER samples_are_counted_out AFTER DELETE ON samples
BEGIN
    UPDATE sample_total SET bytes = bytes - old.bytes;
END;

CREATE TABLE readings (
    motor_id BLOB NOT NULL,
    sensor TEXT NOT NULL,
    axis TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    features TEXT NOT NULL,
    quality TEXT NOT NULL,
    PRIMARY KEY (motor_id, sensor, axis, at_us)
) STRICT, WITHOUT ROWID;

CREATE INDEX readings_by_time ON readings (motor_id, at_us);

-- The newest reading of each sensor and axis.
CREATE TABLE series (
    motor_id BLOB NOT NULL,
    sensor TEXT NOT NULL,
    axis TEXT NOT NULL,
    newest_at_us INTEGER NOT NULL,
    PRIMARY KEY (motor_id, sensor, axis)
) STRICT, WITHOUT ROWID;

CREATE TABLE spectra (
    motor_id BLOB NOT NULL,
    sensor TEXT NOT NULL,
    axis TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    resolution_hz REAL NOT NULL,
    unit TEXT NOT NULL,
    speed_rpm REAL,
    amplitudes BLOB NOT NULL,
    UNIQUE (motor_id, sensor, axis, at_us)
) STRICT;

CREATE INDEX spectra_by_time ON spectra (motor_id, at_us, sensor, axis);

CREATE TABLE states (
    motor_id BLOB PRIMARY KEY,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outgoing (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    command TEXT NOT NULL
) STRICT;

CREATE TABLE processor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    checkpoint TEXT NOT NULL
) STRICT;
