# shellcheck shell=bash
# Fetches what `run` needs into the cache, outside the sources. Sourced by `run`.

readonly tools=${XDG_CACHE_HOME:-$HOME/.cache}/atalaya/tools
readonly schemathesis_version=4.32.5
readonly node_tools=(@redocly/cli@2.77.0 @asyncapi/parser@3.6.3)

# From the Python index, into an environment of its own; SCHEMATHESIS names another one.
fetch_schemathesis() {
  local folder=$tools/schemathesis-$schemathesis_version
  schemathesis=${SCHEMATHESIS:-$folder/bin/schemathesis}
  [[ ! -x $schemathesis ]] || return 0
  mkdir -p "$tools"
  python3 -c 'import ensurepip' 2>/dev/null || apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$schemathesis_version"
}

# From npm, without the scripts that packages would like to run.
fetch_node_tools() {
  local wanted="${node_tools[*]}"
  contracts=$tools/contracts
  [[ $(cat "$contracts/wanted" 2>/dev/null) != "$wanted" ]] || return 0
  rm -rf "$contracts"
  mkdir -p "$contracts"
  npm install --silent --no-save --ignore-scripts --prefix "$contracts" "${node_tools[@]}" >/dev/null
  printf '%s\n' "$wanted" >"$contracts/wanted"
}
