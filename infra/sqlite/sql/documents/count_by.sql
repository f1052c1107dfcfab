SELECT f_{field}, count(*)
FROM {table}
WHERE body IS NOT NULL {conditions}
GROUP BY f_{field}
ORDER BY f_{field}
