# shellcheck shell=bash
# Lets Docker Compose merge and fill in the files, without an engine. Sourced by `check`.

# Debian's Compose is an old one: it knows neither the name of a project nor the interval of checks at the start.
old_enough() {
  local to=$1
  mkdir "$to"
  cp -r "$here"/{*.yaml,.env.example,gateway,prometheus,alertmanager,loki,grafana,mongo,redis} "$to"
  sed -i '/^name: /d; /start_interval:/d' "$to"/*.yaml
  sed -i 's/^\([A-Z_]*\)=$/\1=example/' "$to/.env.example"
}

# The full stack stands with what .env.example asks for, and does not without any single one of them.
filled_in() (
  local stack=$scratch/stack name
  old_enough "$stack"
  cd "$stack" || return 1
  cp .env.example .env
  docker-compose config --quiet || return 1
  while read -r name; do
    sed "s/^$name=.*/$name=/" .env.example >.env
    if docker-compose config --quiet 2>"$scratch/missing"; then
      printf 'nothing is said when %s is missing\n' "$name"
      return 1
    fi
    grep -q "Missing mandatory value" "$scratch/missing" || return 1
  done < <(sed -n 's/^\([A-Z_]*\)=example$/\1/p' .env.example)
  rm .env
  API_KEY=example docker-compose --file compose.yaml config --quiet || return 1
  ! docker-compose --file compose.yaml config --quiet 2>/dev/null
)
