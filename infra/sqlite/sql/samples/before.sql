SELECT coalesce(max(position), 0)
FROM samples
WHERE position < coalesce(
    (SELECT position FROM samples WHERE received_at_us >= ?1 ORDER BY position LIMIT 1),
    9223372036854775807
)
