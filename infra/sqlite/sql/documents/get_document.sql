SELECT key, position, body FROM {table} WHERE key = ?1
