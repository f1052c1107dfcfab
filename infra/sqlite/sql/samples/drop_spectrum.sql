DELETE FROM spectra WHERE motor_id = ?1 AND sensor = ?2 AND axis = ?3 AND at_us = ?4
