UPDATE collections
SET position = ?3, checkpoint = ?4
WHERE name = ?1 AND generation = ?2 AND ?3 >= coalesce(position, 0)
