-- The table of postgres-es, which writes to it as it is, and what the log adds: a place among all events.
--
-- `position` is null from the commit of a foreign writer until the event is numbered, which the next append does,
-- or number_foreign(). Our own events have their position from the start.
CREATE TABLE events (
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 0),
    event_type text NOT NULL,
    event_version text NOT NULL,
    payload json NOT NULL,
    metadata json NOT NULL,
    position bigint CHECK (position > 0),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);

CREATE UNIQUE INDEX events_by_position ON events (position) WHERE position IS NOT NULL;
CREATE INDEX events_not_numbered ON events (recorded_at) WHERE position IS NULL;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed or deleted' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events FOR EACH ROW
WHEN (
    OLD.position IS NOT NULL
    OR (OLD.aggregate_type, OLD.aggregate_id, OLD.sequence, OLD.event_type, OLD.event_version, OLD.recorded_at)
        IS DISTINCT FROM
        (NEW.aggregate_type, NEW.aggregate_id, NEW.sequence, NEW.event_type, NEW.event_version, NEW.recorded_at)
    OR OLD.payload::text IS DISTINCT FROM NEW.payload::text
    OR OLD.metadata::text IS DISTINCT FROM NEW.metadata::text
)
EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_are_never_deleted BEFORE DELETE OR TRUNCATE ON events FOR EACH STATEMENT
EXECUTE FUNCTION refuse_change();

-- The position of the last event. Whoever gives positions holds this row until the commit, so that positions are
-- in commit order and have no gaps.
CREATE TABLE log_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL
) WITH (fillfactor = 10);

INSERT INTO log_head (position) VALUES (0);

-- What became of each command that carried a key. By `attempt`, a writer that lost its connection learns whether
-- it was itself that succeeded.
CREATE TABLE commands (
    scope text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint text NOT NULL,
    attempt bigint NOT NULL,
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    events bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);

CREATE INDEX commands_by_age ON commands (recorded_at);

-- How far readers of the log have come.
CREATE TABLE checkpoints (
    name text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL,
    checkpoint text NOT NULL
) WITH (fillfactor = 50);

-- Gives positions after `head` to committed events of foreign writers, and returns the new head. The caller holds
-- the row of log_head.
--
-- The oldest `events_max` come first, each with all that its stream has before it. Within a stream the order is
-- that of its versions; across streams it is that of time, as far as the first allows.
CREATE FUNCTION number_foreign_after(head bigint, events_max bigint) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
    numbered bigint;
BEGIN
    WITH oldest AS MATERIALIZED (
        SELECT aggregate_type, aggregate_id, sequence
        FROM events
        WHERE position IS NULL
        ORDER BY recorded_at
        LIMIT events_max
    ), reach AS MATERIALIZED (
        SELECT aggregate_type, aggregate_id, max(sequence) AS sequence
        FROM oldest
        GROUP BY aggregate_type, aggregate_id
    ), waiting AS MATERIALIZED (
        SELECT e.aggregate_type, e.aggregate_id, e.sequence,
            max(e.recorded_at) OVER (PARTITION BY e.aggregate_type, e.aggregate_id ORDER BY e.sequence) AS turn
        FROM reach
        JOIN events AS e ON e.aggregate_type = reach.aggregate_type
            AND e.aggregate_id = reach.aggregate_id
            AND e.sequence <= reach.sequence
        WHERE e.position IS NULL
    ), placed AS MATERIALIZED (
        SELECT aggregate_type, aggregate_id, sequence,
            head + row_number() OVER (ORDER BY turn, aggregate_type, aggregate_id, sequence) AS place
        FROM waiting
    )
    UPDATE events SET position = placed.place
    FROM placed
    WHERE events.aggregate_type = placed.aggregate_type
        AND events.aggregate_id = placed.aggregate_id
        AND events.sequence = placed.sequence;
    GET DIAGNOSTICS numbered = ROW_COUNT;
    RETURN head + numbered;
END
$$;

-- Numbers what foreign writers have committed, and returns the head. Takes no lock when there is nothing to do.
CREATE FUNCTION number_foreign(events_max bigint) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
    head bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM events WHERE position IS NULL) THEN
        RETURN (SELECT log_head.position FROM log_head);
    END IF;
    SELECT log_head.position INTO head FROM log_head FOR UPDATE;
    head := number_foreign_after(head, events_max);
    UPDATE log_head SET position = head;
    RETURN head;
END
$$;

-- One batch of appends: each wholly or not at all, judged in the order of the arrays.
--
-- The first nine arrays have an element per append; the other six have one per event, with `owners` and `steps`
-- naming its append and its place in there, both from 1. Appends that share a stream or a command key are in
-- different rounds, the earlier one in the earlier round. Every statement sees what was committed before it began
-- (READ COMMITTED), so that nothing is missed that was committed before the lock was taken.
CREATE FUNCTION append_batch(
    aggregate_types text[], aggregate_ids text[], expectations bigint[], event_counts bigint[], rounds integer[],
    scopes text[], keys text[], fingerprints text[], attempts bigint[],
    owners integer[], steps integer[], event_types text[], event_versions text[], payloads text[], metadata text[],
    collision_ms_max bigint, foreign_events_max bigint
) RETURNS TABLE (
    append integer, outcome text, version bigint, place bigint,
    record_fingerprint text, record_type text, record_id text, record_events bigint
) LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    head bigint;
    moment timestamptz;
    last_round integer := (SELECT max(r) FROM unnest(rounds) AS r);
BEGIN
    SELECT log_head.position INTO head FROM log_head FOR UPDATE;
    -- A foreign transaction that wrote to one of the streams and stays open must not hold up everybody.
    PERFORM set_config('lock_timeout', collision_ms_max::text, true);
    moment := clock_timestamp();
    IF EXISTS (SELECT FROM events WHERE events.position IS NULL) THEN
        head := number_foreign_after(head, foreign_events_max);
        UPDATE log_head SET position = head;
    END IF;

    FOR current_round IN 1..last_round LOOP
        RETURN QUERY
        WITH wish AS MATERIALIZED (
            SELECT *
            FROM unnest(
                aggregate_types, aggregate_ids, expectations, event_counts, rounds,
                scopes, keys, fingerprints, attempts
            ) WITH ORDINALITY AS w (
                aggregate_type, aggregate_id, expected, events, round, scope, key, fingerprint, attempt, n
            )
            WHERE w.round = current_round
        ), judged AS MATERIALIZED (
            SELECT wish.*, record.fingerprint AS known_fingerprint, record.attempt AS known_attempt,
                record.aggregate_type AS known_type, record.aggregate_id AS known_id, record.events AS known_events,
                record.version AS known_version, record.position AS known_place,
                coalesce(last.sequence, 0) AS actual, coalesce(last.position, 0) AS actual_place,
                CASE
                    WHEN record.attempt = wish.attempt THEN 'was appended'
                    WHEN record.attempt IS NOT NULL THEN 'repeated'
                    WHEN coalesce(last.sequence, 0) <> wish.expected THEN 'conflict'
                    -- The last event is foreign and has no place yet, so that nothing can come after it.
                    WHEN last.sequence IS NOT NULL AND last.position IS NULL THEN 'conflict'
                    ELSE 'appended'
                END AS outcome
            FROM wish
            LEFT JOIN LATERAL (
                SELECT c.* FROM commands AS c WHERE c.scope = wish.scope AND c.key = wish.key LIMIT 1
            ) AS record ON true
            LEFT JOIN LATERAL (
                SELECT e.sequence, e.position
                FROM events AS e
                WHERE e.aggregate_type = wish.aggregate_type AND e.aggregate_id = wish.aggregate_id
                ORDER BY e.sequence DESC
                LIMIT 1
            ) AS last ON true
        ), counted AS MATERIALIZED (
            SELECT *,
                (head + sum(CASE outcome WHEN 'appended' THEN events ELSE 0 END) OVER (ORDER BY n))::bigint AS upto
            FROM judged
        ), placed AS MATERIALIZED (
            SELECT *, CASE events WHEN 0 THEN actual_place ELSE upto END AS end_place
            FROM counted
        ), inserted AS (
            INSERT INTO events (
                aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                position, recorded_at
            )
            SELECT p.aggregate_type, p.aggregate_id, p.expected + e.step, e.event_type, e.event_version,
                e.payload::json, e.metadata::json, p.upto - p.events + e.step, moment
            FROM unnest(owners, steps, event_types, event_versions, payloads, metadata)
                AS e (owner, step, event_type, event_version, payload, metadata)
            JOIN placed AS p ON p.n = e.owner
            WHERE p.outcome = 'appended'
        ), remembered AS (
            INSERT INTO commands (
                scope, key, fingerprint, attempt, aggregate_type, aggregate_id, version, position, events, recorded_at
            )
            SELECT scope, key, fingerprint, attempt, aggregate_type, aggregate_id,
                expected + events, end_place, events, moment
            FROM placed
            WHERE outcome = 'appended' AND scope IS NOT NULL
        ), moved AS (
            UPDATE log_head SET position = (SELECT max(upto) FROM placed)
            WHERE log_head.position <> (SELECT max(upto) FROM placed)
        )
        SELECT n::integer, outcome,
            CASE outcome WHEN 'appended' THEN expected + events WHEN 'conflict' THEN actual ELSE known_version END,
            CASE outcome WHEN 'appended' THEN end_place WHEN 'conflict' THEN actual_place ELSE known_place END,
            known_fingerprint, known_type, known_id, known_events
        FROM placed;
        SELECT log_head.position INTO head FROM log_head;
    END LOOP;
END
$$;
