SELECT id, command FROM outgoing ORDER BY id LIMIT ?1
