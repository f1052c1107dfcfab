INSERT INTO outgoing (command) VALUES (?1)
