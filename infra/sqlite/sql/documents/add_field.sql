-- SQLite reads a JSON boolean as 0 or 1; as a blob it stays apart from the whole numbers.
ALTER TABLE {table} ADD COLUMN f_{field} ANY GENERATED ALWAYS AS (
    CASE json_type(body, '$.{field}')
        WHEN 'true' THEN x'01'
        WHEN 'false' THEN x'00'
        ELSE body ->> '$.{field}'
    END
) VIRTUAL
