# shellcheck shell=bash
# Starting, finding and ending processes. Sourced by `services`.
#
# Each service NAME brings three functions: NAME_prepare (make its folder and files), NAME_run (become the server, in the
# foreground) and NAME_answers (make one real request). It may bring NAME_settle (what to set once it answers).

# The state of a process, and what follows it in the line: the name before it, in brackets, may hold blanks.
stat_of() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  printf '%s\n' "${stat##*) }"
}

# A process is known by its id, its start time and the boot it belongs to, so a reused id is never taken for ours. One that
# has ended and only waits to be collected has no identity; until its last thread has gone, its ports are still taken.
identity_of() {
  local fields threads
  read -ra fields < <(stat_of "$1") || return 1
  threads=("/proc/$1/task/"*)
  [[ ${fields[0]} != Z ]] || ((${#threads[@]} > 1)) || return 1
  printf '%s %s %s\n' "$1" "${fields[19]}" "$(cat /proc/sys/kernel/random/boot_id)"
}

pid_of() {
  local pid _rest
  read -r pid _rest 2>/dev/null <"$data/$1.pid" && printf '%s\n' "$pid"
}

alive() {
  local pid
  pid=$(pid_of "$1") || return 1
  [[ $(identity_of "$pid") == "$(cat "$data/$1.pid")" ]]
}

answers() {
  "$1_answers" >/dev/null 2>&1 </dev/null
}

port_taken() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

children_of() {
  cat "/proc/$1/task/$1/children" 2>/dev/null || true
}

# The share of memory that is due to the service: pages that its processes share are counted once.
memory_mb() {
  local pid kb=0 one
  pid=$(pid_of "$1")
  for pid in "$pid" $(children_of "$pid"); do
    one=$(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null) || one=0
    kb=$((kb + ${one:-0}))
  done
  printf '%d' $((kb / 1024))
}

launch() {
  local name=$1
  ! port_taken "${port[$name]}" || fail "$name: port ${port[$name]} is in use by another program"
  make_folder "$data/log"
  [[ ! -e $data/log/$name.log ]] || mv -- "$data/log/$name.log" "$data/log/$name.log.1"
  run_in_background "$name" >"$data/log/$name.log" 2>&1 </dev/null 9>&- &
  # One that has ended already leaves an empty file, and is told about where the others are waited for.
  identity_of $! >"$data/$name.pid" || true
}

# The shell turns into the server, so its process id is the server's. What fails before that ends it, by `set -e`.
run_in_background() {
  "$1_prepare"
  "$1_run"
}

show_log() {
  say "the last lines of $data/log/$1.log:"
  tail -n "$log_lines_shown" "$data/log/$1.log" >&2 || true
}

# Starts those that are down, all at once, then waits for each of those named to answer.
start_all() {
  local name began_ms
  local -a waiting=("$@") still
  began_ms=$(now_ms)
  for name in "$@"; do
    alive "$name" || launch "$name"
  done
  while ((${#waiting[@]})); do
    still=()
    for name in "${waiting[@]}"; do
      if answers "$name"; then
        announce "$name" "$began_ms"
      elif ! alive "$name"; then
        show_log "$name"
        fail "$name: ended while starting"
      else
        still+=("$name")
      fi
    done
    waiting=("${still[@]}")
    (($(now_ms) - began_ms < start_seconds_max * 1000)) || give_up "${waiting[@]}"
    ((${#waiting[@]} == 0)) || sleep "$poll_seconds"
  done
}

announce() {
  local name=$1 began_ms=$2
  ! declare -F "${name}_settle" >/dev/null || "${name}_settle"
  printf '%-10s port %-6s %5s s  %4s MB\n' "$name" "${port[$name]}" "$(seconds_since "$began_ms")" "$(memory_mb "$name")"
}

give_up() {
  local name
  for name in "$@"; do
    show_log "$name"
  done
  fail "no answer within $start_seconds_max s from: $*"
}

# Sends the signal to all, then waits for each; one that ignores it for too long is killed.
stop_all() {
  local signal=$1 name
  shift
  for name in "$@"; do
    ! alive "$name" || signal_to "$name" "$signal"
  done
  for name in "$@"; do
    await_end "$name"
    rm -f "$data/$name.pid"
  done
}

# A server that is killed cannot end its own children, so a crash takes them along.
signal_to() {
  local name=$1 signal=$2 pid
  local -a children=()
  pid=$(pid_of "$name")
  if [[ $signal == KILL ]]; then
    read -ra children < <(children_of "$pid") || true
  elif [[ $name == postgres ]]; then
    # PostgreSQL waits for its clients on TERM; INT sends them away.
    signal=INT
  fi
  kill -s "$signal" "$pid" "${children[@]}" 2>/dev/null || true
  for pid in "${children[@]}"; do
    while identity_of "$pid" >/dev/null; do sleep "$poll_seconds"; done
  done
}

await_end() {
  local name=$1 began_ms
  began_ms=$(now_ms)
  while alive "$name"; do
    if (($(now_ms) - began_ms > stop_seconds_max * 1000)); then
      say "$name: still there after $stop_seconds_max s, killing it"
      signal_to "$name" KILL
      began_ms=$(now_ms)
    fi
    sleep "$poll_seconds"
  done
}
