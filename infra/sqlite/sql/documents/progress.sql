SELECT position, checkpoint
FROM collections
WHERE name = ?1 AND generation = ?2 AND position IS NOT NULL
