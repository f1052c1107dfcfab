# shellcheck shell=bash
# A server that speaks MongoDB's wire protocol: mongo-java-server, started by the program in mongo/. Sourced by `services`.

mongo_prepare() {
  mkdir -p -- "$data/mongo"
}

mongo_run() {
  exec setsid java -Xmx"${ATALAYA_NATIVE_MONGO_HEAP_MB:-512}m" -XX:+UseSerialGC -Djava.net.preferIPv4Stack=true \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$(jars mongo)/*:$(jars mongo)" \
    WireServer "${port[mongo]}" "$data/mongo/documents.mv"
}

# Sends `{hello: 1, $db: "admin"}` as one OP_MSG. The reply to it begins with the field ismaster; an error begins otherwise.
mongo_answers() {
  # shellcheck disable=SC2016 # The field is called $db.
  local header='\x34\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0' body='\x1f\0\0\0\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0'
  (
    exec 3<>"/dev/tcp/127.0.0.1/${port[mongo]}"
    printf '%b' "$header$body" >&3
    timeout 2 head -c 40 <&3 | grep -aq ismaster
  )
}
