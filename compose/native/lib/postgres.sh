# shellcheck shell=bash
# PostgreSQL: a cluster of our own; the system's is never touched. Sourced by `services`.

readonly postgres_connections_max=300

# It refuses to run as root, so root hands it to the user that its package made. `setpriv` turns into the program it runs.
if ((EUID == 0)); then
  readonly as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups env HOME="$data/postgres")
else
  readonly as_postgres=(env)
fi

postgres_bin() {
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  [[ -x $newest/postgres ]] && printf '%s\n' "$newest"
}

postgres_prepare() {
  forget_ended_postmaster
  [[ ! -e $data/postgres/made ]] || return 0
  local bin
  bin=$(postgres_bin)
  rm -rf -- "${data:?}/postgres"
  mkdir -p -- "$data/postgres/cluster"
  printf 'atalaya\n' >"$data/postgres/password"
  ((EUID != 0)) || chown postgres:postgres "$data/postgres/cluster"
  "${as_postgres[@]}" test -w "$data/postgres/cluster" ||
    fail "user postgres cannot reach $data: set ATALAYA_NATIVE_DIR to a folder that every user can enter"
  cd "$data/postgres/cluster"
  "${as_postgres[@]}" "$bin/initdb" --pgdata=. --username=atalaya --pwfile=../password --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --data-checksums
  "${as_postgres[@]}" "$bin/postgres" --single -D . postgres <<<'CREATE DATABASE atalaya'
  touch ../made
}

# A postmaster that was killed and that nobody collects counts as running for the next one, which then refuses to start.
forget_ended_postmaster() {
  local file=$data/postgres/cluster/postmaster.pid pid
  [[ -e $file ]] || return 0
  read -r pid <"$file"
  [[ $(stat_of "$pid") != Z* ]] || rm -- "$file"
}

postgres_run() {
  cd "$data/postgres/cluster"
  exec "${as_postgres[@]}" setsid "$(postgres_bin)/postgres" -D "$data/postgres/cluster" -p "${port[postgres]}" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=on -c max_connections="$postgres_connections_max"
}

postgres_answers() {
  PGPASSWORD=atalaya PGCONNECT_TIMEOUT=2 "$(postgres_bin)/psql" -h 127.0.0.1 -p "${port[postgres]}" -U atalaya -d atalaya \
    -X -At -c 'SELECT 1'
}
