UPDATE jobs SET available_at = $3, turn = $4, token = 0 WHERE id = $1 AND token = $2
