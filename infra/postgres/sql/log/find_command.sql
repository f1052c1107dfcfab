SELECT fingerprint, aggregate_type, aggregate_id, version, position, events
FROM commands
WHERE scope = $1 AND key = $2
