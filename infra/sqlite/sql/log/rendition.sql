SELECT task_id, until_us, outcome FROM renditions WHERE content = ?1
