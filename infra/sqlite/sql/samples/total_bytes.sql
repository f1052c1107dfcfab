SELECT bytes FROM sample_total
