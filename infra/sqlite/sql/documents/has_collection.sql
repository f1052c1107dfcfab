SELECT EXISTS (SELECT 1 FROM collections WHERE name = ?1 AND generation = ?2)
