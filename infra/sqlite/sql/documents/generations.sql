SELECT live, previous, newest FROM generations WHERE name = ?1
