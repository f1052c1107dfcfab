# shellcheck shell=bash
# Redis: in memory only, and bounded. Sourced by `services`.

readonly redis_memory_max=256mb

redis_prepare() {
  mkdir -p "$data/redis"
}

redis_run() {
  cd "$data/redis"
  exec setsid redis-server --port "${port[redis]}" --bind 127.0.0.1 --dir "$data/redis" --save '' --appendonly no \
    --maxmemory "$redis_memory_max" --maxmemory-policy noeviction
}

redis_answers() {
  [[ $(timeout 2 redis-cli -e -h 127.0.0.1 -p "${port[redis]}" ping) == PONG ]]
}
