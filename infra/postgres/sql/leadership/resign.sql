UPDATE offices
SET until = clock_timestamp()
WHERE office = $1 AND leader = $2 AND number = $3 AND until > clock_timestamp()
