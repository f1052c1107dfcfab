-- A holder that is in time moves the end of its term and nothing else. Only an office that is free is taken, which
-- is looked at first: who has no chance does not touch the row.
WITH kept AS (
    UPDATE offices
    SET until = clock_timestamp() + $3 * interval '1 millisecond'
    WHERE office = $1 AND leader = $2 AND until > clock_timestamp()
    RETURNING number
), taken AS (
    INSERT INTO offices AS held (office, leader, number, until)
    SELECT $1, $2, 1, clock_timestamp() + $3 * interval '1 millisecond'
    WHERE NOT EXISTS (SELECT FROM kept)
        AND NOT EXISTS (SELECT FROM offices WHERE office = $1 AND until > clock_timestamp())
    ON CONFLICT (office) DO UPDATE
    SET leader = excluded.leader, number = held.number + 1,
        until = clock_timestamp() + $3 * interval '1 millisecond'
    WHERE held.until <= clock_timestamp()
    RETURNING number
)
SELECT number FROM kept UNION ALL SELECT number FROM taken
