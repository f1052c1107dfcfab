SELECT settle_commands($1, $2, $3, $4)
