# shellcheck shell=bash
# Fetching what the services need: Debian packages, and Java programs by Maven. Sourced by `services`.

# A folder of jars is named by the checksum of all that decides what is in it.
jars() {
  local -a sources=("$here/pom.xml")
  [[ $1 != mongo ]] || sources+=("$here"/mongo/*.java)
  printf '%s/%s-%s\n' "$cache" "$1" "$(cat "${sources[@]}" | sha256sum | cut -c 1-12)"
}

# Two installs would fight over apt's and Maven's own files, whatever their data folders are.
install_all() {
  local name
  local -A jobs=()
  mkdir -p -- "$cache"
  exec 8>"$cache/lock"
  flock 8
  install_packages
  for name in registry kafka mongo; do
    install_jars "$name" &
    jobs[$name]=$!
  done
  for name in "${!jobs[@]}"; do
    wait "${jobs[$name]}" || fail "cannot install $name"
  done
  exec 8>&-
}

# The database's newest programs lie outside PATH, so its own function looks for them.
missing_packages() {
  postgres_bin >/dev/null || echo postgresql
  command -v redis-server redis-cli >/dev/null || echo redis-server
  command -v kcat >/dev/null || echo kcat
  command -v curl >/dev/null || echo curl
  command -v javac >/dev/null || echo openjdk-17-jdk-headless
  command -v mvn >/dev/null || echo maven
}

install_packages() {
  local -a missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0
  ((EUID == 0)) || fail "install these packages first, or run this as root: ${missing[*]}"
  say "installing ${missing[*]}"
  keep_system_cluster_away
  attempt apt_install "${missing[@]}" || fail "cannot install ${missing[*]}"
}

# Debian's package would make and start a cluster of its own, which nobody here asks for.
keep_system_cluster_away() {
  local file=/etc/postgresql-common/createcluster.conf
  [[ ! -e $file ]] || return 0
  mkdir -p -- "${file%/*}"
  printf 'create_main_cluster = false\n' >"$file"
}

# The lists of packages are fetched only when the packages cannot be had by those at hand.
apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -q --no-install-recommends "$@" >"$cache/apt.log" 2>&1 </dev/null || {
    apt-get update -q >>"$cache/apt.log" 2>&1 </dev/null
    apt-get install -y -q --no-install-recommends "$@" >>"$cache/apt.log" 2>&1 </dev/null
  } || {
    tail -n "$log_lines_shown" "$cache/apt.log" >&2
    return 1
  }
}

attempt() {
  local count
  for ((count = 1; count <= download_attempts_max; count++)); do
    ! "$@" || return 0
    say "attempt $count of $download_attempts_max failed: $1 ${2:-}"
  done
  return 1
}

# Fetches into a folder beside the final one, and moves it there when it is whole.
install_jars() {
  local name=$1 folder
  folder=$(jars "$name")
  [[ ! -d $folder ]] || return 0
  say "fetching $name"
  attempt fetch_jars "$name" "$folder.part"
  [[ $name != mongo ]] || javac -d "$folder.part" -cp "$folder.part/*" "$here"/mongo/*.java
  mv -- "$folder.part" "$folder"
}

fetch_jars() {
  local name=$1 folder=$2 goal=copy-dependencies
  [[ $name != registry ]] || goal=unpack
  rm -rf -- "$folder" "$cache/build-$name"
  mvn -q -B -ntp -f "$here/pom.xml" -P"$name" -Dbuild.folder="$cache/build-$name" -DoutputDirectory="$folder" \
    "dependency:$goal" >"$cache/$name.log" 2>&1 </dev/null || {
    tail -n "$log_lines_shown" "$cache/$name.log" >&2
    return 1
  }
  rm -rf -- "$cache/build-$name"
}
