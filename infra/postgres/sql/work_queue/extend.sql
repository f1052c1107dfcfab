UPDATE jobs SET available_at = $3 WHERE id = $1 AND token = $2
