SELECT number_foreign($1)
