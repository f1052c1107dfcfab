SELECT task_id, until, outcome FROM renditions WHERE content = $1
