DELETE FROM samples WHERE position <= ?1
