SELECT pg_notify('log_head', $1)
