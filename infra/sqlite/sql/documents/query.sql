SELECT key, position, body, {sorted_by}
FROM {table}
WHERE body IS NOT NULL {conditions}
ORDER BY {order}
LIMIT {limit}
