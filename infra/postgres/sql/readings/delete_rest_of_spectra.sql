SELECT delete_rest_of_spectra($1, $2)
