DELETE FROM renditions WHERE task_id = ?1
