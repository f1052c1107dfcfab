SELECT drop_week_of_readings($1)
