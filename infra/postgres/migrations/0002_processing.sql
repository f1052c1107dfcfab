-- What the processors keep: terms of office, jobs, parked events, readings.

-- Who leads what, and until when by this database's clock. A takeover changes `number`, which is part of a unique
-- index, and so waits for every transaction that holds the row FOR KEY SHARE; staying in office changes `until`
-- alone, and waits for none of them.
CREATE TABLE offices (
    office text COLLATE "C" PRIMARY KEY,
    leader text NOT NULL,
    number bigint NOT NULL,
    until timestamptz NOT NULL,
    UNIQUE (office, number)
) WITH (fillfactor = 50);

-- Fails unless the term is the newest of its office, and keeps it the newest until the transaction ends. Without an
-- office there is nothing to prove.
CREATE FUNCTION must_lead(in_office text, candidate text, term bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF in_office IS NULL THEN
        RETURN;
    END IF;
    PERFORM FROM offices WHERE office = in_office AND leader = candidate AND number = term FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'term % of % as % has ended', term, candidate, in_office USING ERRCODE = 'TM001';
    END IF;
END
$$;

-- A job can be received from `available_at` on; while it is leased, that is when the lease runs out. `token` is 0
-- while nobody holds it.
CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    put bigint GENERATED ALWAYS AS IDENTITY,
    priority integer NOT NULL,
    payload text NOT NULL,
    available_at timestamptz NOT NULL,
    token bigint NOT NULL DEFAULT 0,
    deliveries integer NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 200);

CREATE INDEX jobs_by_turn ON jobs (priority DESC, available_at, put);
CREATE INDEX jobs_by_time ON jobs (available_at);

-- No two leases ever have the same token, also of a job that was taken out and put in again.
CREATE SEQUENCE lease_tokens;

-- Ids are never used twice, since people hold on to them.
CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    handler text COLLATE "C" NOT NULL,
    category text COLLATE "C" NOT NULL,
    stream_id uuid NOT NULL,
    version bigint NOT NULL,
    attempts bigint NOT NULL,
    parked_at timestamptz NOT NULL,
    reason text NOT NULL,
    event text NOT NULL,
    UNIQUE (handler, category, stream_id, version)
);

CREATE TABLE replay_requests (
    handler text COLLATE "C" NOT NULL,
    category text COLLATE "C" NOT NULL,
    stream_id uuid NOT NULL,
    PRIMARY KEY (handler, category, stream_id)
);

-- Parks events in the order of the arrays. One transaction parks at a time, so that ids are in commit order and a
-- listing that goes on from the last id skips none.
CREATE FUNCTION park_events(
    handlers text[], categories text[], stream_ids uuid[], versions bigint[], attempt_counts bigint[],
    parked_ats timestamptz[], reasons text[], events text[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock('dead_letters'::regclass::bigint);
    INSERT INTO dead_letters (handler, category, stream_id, version, attempts, parked_at, reason, event)
    SELECT p.handler, p.category, p.stream_id, p.version, p.attempts, p.parked_at, p.reason, p.event
    FROM unnest(
        handlers, categories, stream_ids, versions, attempt_counts, parked_ats, reasons, events
    ) WITH ORDINALITY AS p (handler, category, stream_id, version, attempts, parked_at, reason, event, n)
    ORDER BY p.n
    ON CONFLICT (handler, category, stream_id, version) DO NOTHING;
END
$$;

-- The sensors and axes of motors, each with the time of its newest reading.
CREATE TABLE series (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    motor_id uuid NOT NULL,
    sensor text COLLATE "C" NOT NULL,
    axis text COLLATE "C" NOT NULL,
    newest_at timestamptz NOT NULL,
    UNIQUE (motor_id, sensor, axis)
) WITH (fillfactor = 70);

-- Readings hold bare values; which features they are is said once for all readings that have the same ones. `names`
-- are in order, and `digest` is the SHA-256 of their written form.
CREATE TABLE feature_sets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    names text[] NOT NULL
);

-- One partition per week, made ahead by make_weeks(). What fits in none of them goes to the rest.
CREATE TABLE readings (
    series_id bigint NOT NULL,
    at timestamptz NOT NULL,
    feature_set_id bigint NOT NULL,
    has_spectrum boolean NOT NULL,
    feature_values double precision[] NOT NULL,
    quality text NOT NULL,
    PRIMARY KEY (series_id, at)
) PARTITION BY RANGE (at);

CREATE TABLE readings_rest PARTITION OF readings DEFAULT;

-- Apart from the readings, so that trends do not read past them, and so that they can go earlier. A spectrum counts
-- while its reading says that it has one.
CREATE TABLE spectra (
    series_id bigint NOT NULL,
    at timestamptz NOT NULL,
    resolution_hz double precision NOT NULL,
    speed_rpm double precision,
    unit text NOT NULL,
    -- 32-bit floats, little-endian.
    amplitudes bytea NOT NULL,
    PRIMARY KEY (series_id, at)
) PARTITION BY RANGE (at);

-- They do not compress, so nobody tries.
ALTER TABLE spectra ALTER COLUMN amplitudes SET STORAGE EXTERNAL;

CREATE TABLE spectra_rest PARTITION OF spectra DEFAULT;

CREATE TABLE processor_states (
    motor_id uuid PRIMARY KEY,
    state text NOT NULL
);

CREATE TABLE outgoing_commands (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command text NOT NULL
);

CREATE TABLE processor_checkpoint (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    checkpoint text NOT NULL
) WITH (fillfactor = 10);

-- One step of the processor: all of it or nothing. It is one call, and so one round trip, because a client that is
-- stopped between two statements would hold its locks until it is found out.
--
-- The first twelve arrays have an element per reading, at most one reading of a series and time; `set_numbers` point
-- into `name_lists`, from 1. Those of the spectrum are null where there is none.
CREATE FUNCTION commit_readings(
    in_office text, candidate text, term bigint,
    motor_ids uuid[], sensors text[], axes text[], ats timestamptz[],
    set_numbers integer[], value_lists text[], qualities text[],
    resolutions double precision[], speeds double precision[], units text[], amplitude_lists bytea[],
    name_lists text[], state_motor_ids uuid[], states text[], commands text[], new_checkpoint text
) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    PERFORM must_lead(in_office, candidate, term);

    IF cardinality(motor_ids) > 0 THEN
        INSERT INTO feature_sets (digest, names)
        SELECT sha256(convert_to(l.list, 'UTF8')), ARRAY(SELECT json_array_elements_text(l.list::json))
        FROM unnest(name_lists) AS l (list)
        WHERE NOT EXISTS (SELECT FROM feature_sets AS f WHERE f.digest = sha256(convert_to(l.list, 'UTF8')))
        ORDER BY l.list
        ON CONFLICT (digest) DO NOTHING;

        -- In one order, so that two commits wait for each other at most one way.
        INSERT INTO series AS known (motor_id, sensor, axis, newest_at)
        SELECT r.motor_id, r.sensor, r.axis, max(r.at)
        FROM unnest(motor_ids, sensors, axes, ats) AS r (motor_id, sensor, axis, at)
        GROUP BY r.motor_id, r.sensor, r.axis
        ORDER BY r.motor_id, r.sensor COLLATE "C", r.axis COLLATE "C"
        ON CONFLICT (motor_id, sensor, axis) DO UPDATE SET newest_at = excluded.newest_at
        WHERE excluded.newest_at > known.newest_at;

        WITH sets AS MATERIALIZED (
            SELECT l.n, f.id
            FROM unnest(name_lists) WITH ORDINALITY AS l (list, n)
            JOIN feature_sets AS f ON f.digest = sha256(convert_to(l.list, 'UTF8'))
        )
        INSERT INTO readings (series_id, at, feature_set_id, has_spectrum, feature_values, quality)
        SELECT s.id, r.at, sets.id, r.amplitudes IS NOT NULL, r.list::double precision[], r.quality
        FROM unnest(motor_ids, sensors, axes, ats, set_numbers, value_lists, qualities, amplitude_lists)
            AS r (motor_id, sensor, axis, at, set_number, list, quality, amplitudes)
        JOIN series AS s ON s.motor_id = r.motor_id AND s.sensor = r.sensor AND s.axis = r.axis
        JOIN sets ON sets.n = r.set_number
        ORDER BY s.id, r.at
        ON CONFLICT (series_id, at) DO UPDATE
        SET feature_set_id = excluded.feature_set_id, has_spectrum = excluded.has_spectrum,
            feature_values = excluded.feature_values, quality = excluded.quality;

        INSERT INTO spectra (series_id, at, resolution_hz, speed_rpm, unit, amplitudes)
        SELECT s.id, r.at, r.resolution_hz, r.speed_rpm, r.unit, r.amplitudes
        FROM unnest(motor_ids, sensors, axes, ats, resolutions, speeds, units, amplitude_lists)
            AS r (motor_id, sensor, axis, at, resolution_hz, speed_rpm, unit, amplitudes)
        JOIN series AS s ON s.motor_id = r.motor_id AND s.sensor = r.sensor AND s.axis = r.axis
        WHERE r.amplitudes IS NOT NULL
        ORDER BY s.id, r.at
        ON CONFLICT (series_id, at) DO UPDATE
        SET resolution_hz = excluded.resolution_hz, speed_rpm = excluded.speed_rpm,
            unit = excluded.unit, amplitudes = excluded.amplitudes;
    END IF;

    IF cardinality(state_motor_ids) > 0 THEN
        INSERT INTO processor_states (motor_id, state)
        SELECT s.motor_id, s.state
        FROM unnest(state_motor_ids, states) AS s (motor_id, state)
        ORDER BY s.motor_id
        ON CONFLICT (motor_id) DO UPDATE SET state = excluded.state;
    END IF;

    IF cardinality(commands) > 0 THEN
        INSERT INTO outgoing_commands (command)
        SELECT c.command
        FROM unnest(commands) WITH ORDINALITY AS c (command, n)
        ORDER BY c.n;
    END IF;

    IF new_checkpoint IS NOT NULL THEN
        INSERT INTO processor_checkpoint (checkpoint)
        VALUES (new_checkpoint)
        ON CONFLICT (one) DO UPDATE SET checkpoint = excluded.checkpoint;
    END IF;
END
$$;

CREATE FUNCTION settle_commands(in_office text, candidate text, term bigint, ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM must_lead(in_office, candidate, term);
    DELETE FROM outgoing_commands WHERE id = ANY (ids);
END
$$;

-- Whoever changes the set of partitions, or goes straight for the rest, holds this lock until the transaction ends,
-- so that strong table locks are never taken crosswise.
CREATE FUNCTION lock_weeks() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock('readings'::regclass::bigint)
$$;

-- Makes the partition of one week, and moves there what had to go to the rest before.
CREATE FUNCTION make_week(parent text, week timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    rest text := parent || '_rest';
    part text := parent || '_' || to_char(week AT TIME ZONE 'UTC', 'YYYYMMDD');
    week_end timestamptz := week + interval '168 hours';
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM lock_weeks();
    -- At once, since a weaker lock that is raised later can meet another one that is raised too.
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', rest);
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
    EXECUTE format(
        'WITH moved AS (DELETE FROM %I WHERE at >= $1 AND at < $2 RETURNING *) INSERT INTO %I SELECT * FROM moved',
        rest, part
    ) USING week, week_end;
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, week, week_end);
END
$$;

-- Makes the partitions of those weeks that lie at most so far from today, and says which ones there are now. A
-- sensor whose clock is wrong by years thus makes no partitions. One parent per transaction: whoever reads both
-- holds the one while it waits for the other.
CREATE FUNCTION make_weeks(parent text, weeks timestamptz[], weeks_back_max integer, weeks_ahead_max integer)
RETURNS SETOF timestamptz LANGUAGE plpgsql
SET lock_timeout = '2s' AS $$
DECLARE
    today timestamptz := clock_timestamp();
    week timestamptz;
BEGIN
    FOREACH week IN ARRAY weeks LOOP
        week := date_trunc('week', week, 'UTC');
        CONTINUE WHEN week < today - weeks_back_max * interval '168 hours';
        CONTINUE WHEN week > today + weeks_ahead_max * interval '168 hours';
        PERFORM make_week(parent, week);
        RETURN NEXT week;
    END LOOP;
END
$$;

-- The oldest partition that lies wholly before a moment.
CREATE FUNCTION week_before(parent text, before timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT c.relname
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = parent::regclass
        AND c.relname ~ '_[0-9]{8}$'
        AND to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' + interval '168 hours' <= before
    ORDER BY c.relname
    LIMIT 1
$$;

-- Drops the oldest week of spectra that lies wholly before a moment, and says whether there was one. The newest
-- spectrum of each series stays, with the rest.
CREATE FUNCTION drop_week_of_spectra(before timestamptz) RETURNS boolean LANGUAGE plpgsql
SET lock_timeout = '2s' AS $$
DECLARE
    part text;
BEGIN
    PERFORM lock_weeks();
    part := week_before('spectra', before);
    IF part IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('ALTER TABLE spectra DETACH PARTITION %I', part);
    EXECUTE format(
        'INSERT INTO spectra
        SELECT newest.*
        FROM series AS s
        CROSS JOIN LATERAL (
            SELECT p.*
            FROM %I AS p
            JOIN readings AS r ON r.series_id = p.series_id AND r.at = p.at
            WHERE p.series_id = s.id AND r.has_spectrum
            ORDER BY p.at DESC
            LIMIT 1
        ) AS newest
        WHERE NOT EXISTS (
            SELECT
            FROM spectra AS p
            JOIN readings AS r ON r.series_id = p.series_id AND r.at = p.at
            WHERE p.series_id = s.id AND p.at > newest.at AND r.has_spectrum
        )',
        part
    );
    EXECUTE format('DROP TABLE %I', part);
    RETURN true;
END
$$;

-- The same for readings. The newest of each series stays, and so do those whose spectrum has stayed.
CREATE FUNCTION drop_week_of_readings(before timestamptz) RETURNS boolean LANGUAGE plpgsql
SET lock_timeout = '2s' AS $$
DECLARE
    part text;
    week timestamptz;
BEGIN
    PERFORM lock_weeks();
    part := week_before('readings', before);
    IF part IS NULL THEN
        RETURN false;
    END IF;
    week := to_date(right(part, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC';
    EXECUTE format('ALTER TABLE readings DETACH PARTITION %I', part);
    EXECUTE format(
        'INSERT INTO readings
        SELECT r.*
        FROM (
            SELECT id AS series_id, newest_at AS at FROM series WHERE newest_at >= $1 AND newest_at < $2
            UNION
            SELECT series_id, at FROM spectra WHERE at >= $1 AND at < $2
        ) AS kept
        JOIN %I AS r ON r.series_id = kept.series_id AND r.at = kept.at',
        part
    ) USING week, week + interval '168 hours';
    EXECUTE format('DROP TABLE %I', part);
    RETURN true;
END
$$;

-- Deletes old spectra that have no week of their own, save those that are to stay, and says how many.
CREATE FUNCTION delete_rest_of_spectra(before timestamptz, rows_max bigint) RETURNS bigint LANGUAGE plpgsql
SET lock_timeout = '2s' AS $$
DECLARE
    deleted bigint;
BEGIN
    PERFORM lock_weeks();
    DELETE FROM spectra_rest
    WHERE (series_id, at) IN (
        SELECT p.series_id, p.at
        FROM spectra_rest AS p
        LEFT JOIN readings AS own ON own.series_id = p.series_id AND own.at = p.at
        WHERE p.at < before
            AND (
                own.has_spectrum IS NOT TRUE
                OR EXISTS (
                    SELECT
                    FROM spectra AS newer
                    JOIN readings AS r ON r.series_id = newer.series_id AND r.at = newer.at
                    WHERE newer.series_id = p.series_id AND newer.at > p.at AND r.has_spectrum
                )
            )
        LIMIT rows_max
    );
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END
$$;

-- The same for readings.
CREATE FUNCTION delete_rest_of_readings(before timestamptz, rows_max bigint) RETURNS bigint LANGUAGE plpgsql
SET lock_timeout = '2s' AS $$
DECLARE
    deleted bigint;
BEGIN
    PERFORM lock_weeks();
    DELETE FROM readings_rest
    WHERE (series_id, at) IN (
        SELECT r.series_id, r.at
        FROM readings_rest AS r
        WHERE r.at < before
            AND NOT EXISTS (SELECT FROM series AS s WHERE s.id = r.series_id AND s.newest_at = r.at)
            AND NOT EXISTS (SELECT FROM spectra AS p WHERE p.series_id = r.series_id AND p.at = r.at)
        LIMIT rows_max
    );
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END
$$;
