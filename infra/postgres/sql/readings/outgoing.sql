SELECT id, command FROM outgoing_commands ORDER BY id LIMIT $1
