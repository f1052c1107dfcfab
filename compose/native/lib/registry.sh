# shellcheck shell=bash
# The schema registry: Apicurio, through its Confluent interface. Sourced by `services`.

readonly registry_compatibility=FULL_TRANSITIVE

registry_url() {
  printf 'http://127.0.0.1:%s/apis/ccompat/v7' "${port[registry]}"
}

registry_prepare() {
  mkdir -p -- "$data/registry"
}

registry_run() {
  cd "$data/registry"
  exec setsid java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.net.preferIPv4Stack=true \
    -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="${port[registry]}" -Dquarkus.management.host=127.0.0.1 \
    -Dquarkus.datasource.jdbc.url="jdbc:h2:file:$data/registry/schemas;WRITE_DELAY=0" \
    -jar "$(jars registry)"/apicurio-registry-app-*-runner.jar
}

registry_answers() {
  curl -sS -f -m 5 "$(registry_url)/subjects"
}

# The registry accepts any change of a schema until it is told otherwise.
registry_settle() {
  curl -sS -f -m 5 -X PUT -H 'Content-Type: application/json' -d "{\"compatibility\":\"$registry_compatibility\"}" \
    "$(registry_url)/config" >/dev/null
}
