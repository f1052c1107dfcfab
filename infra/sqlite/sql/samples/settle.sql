DELETE FROM outgoing WHERE id = ?1
