SELECT EXISTS (SELECT 1 FROM pragma_table_xinfo(?1) WHERE name = ?2)
