# shellcheck shell=bash
# Where things lie, which ports they take, and the bounds on waiting. Sourced by `services`.

readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/atalaya/native

# PostgreSQL refuses to run as root and its own user cannot enter root's home, so root's data lies elsewhere.
if [[ -n ${ATALAYA_NATIVE_DIR:-} ]]; then
  data=$ATALAYA_NATIVE_DIR
elif ((EUID == 0)); then
  data=/var/tmp/atalaya-native
else
  data=$cache/data
fi
readonly data

declare -rA port=(
  [postgres]=${ATALAYA_NATIVE_POSTGRES_PORT:-15432}
  [kafka]=${ATALAYA_NATIVE_KAFKA_PORT:-19092}
  [registry]=${ATALAYA_NATIVE_REGISTRY_PORT:-18081}
  [mongo]=${ATALAYA_NATIVE_MONGO_PORT:-27117}
  [redis]=${ATALAYA_NATIVE_REDIS_PORT:-16379}
)
readonly kafka_controller_port=${ATALAYA_NATIVE_KAFKA_CONTROLLER_PORT:-19093}

# A cold disk and two busy cores make the registry slow: it was seen to take 40 s.
readonly start_seconds_max=180
# Kafka closes its logs in an orderly way when asked to end; after this long it is killed.
readonly stop_seconds_max=30
readonly poll_seconds=0.2
readonly download_attempts_max=3
readonly log_lines_shown=30

say() {
  printf '%s\n' "$*" >&2
}

fail() {
  say "services: $*"
  exit 1
}

now_ms() {
  date +%s%3N
}

seconds_since() {
  local passed_ms=$(($(now_ms) - $1))
  printf '%d.%d' $((passed_ms / 1000)) $((passed_ms % 1000 / 100))
}

# Other users may enter what we make, since PostgreSQL runs as one; only we may write in it.
umask 022

make_folder() {
  mkdir -p -- "$1"
  [[ -O $1 ]] || fail "$1 belongs to another user"
}
