SELECT position, checkpoint FROM checkpoints WHERE name = $1
