CREATE INDEX IF NOT EXISTS {table}_by_{field} ON {table} (f_{field}, key)
WHERE body IS NOT NULL
