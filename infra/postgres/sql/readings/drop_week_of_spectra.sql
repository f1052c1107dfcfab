SELECT drop_week_of_spectra($1)
