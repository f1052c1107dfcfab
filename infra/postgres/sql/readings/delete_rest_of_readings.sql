SELECT delete_rest_of_readings($1, $2)
