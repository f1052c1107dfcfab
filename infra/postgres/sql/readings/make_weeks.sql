SELECT make_weeks($1, $2, $3, $4)
