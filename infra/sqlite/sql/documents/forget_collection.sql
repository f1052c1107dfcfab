DELETE FROM collections WHERE name = ?1 AND generation = ?2
