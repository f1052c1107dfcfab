# shellcheck shell=bash
# Kafka: one node that is both broker and controller. Sourced by `services`.

readonly kafka_cluster_id=YXRhbGF5YS1uYXRpdmUta2

kafka_prepare() {
  mkdir -p -- "$data/kafka"
  kafka_properties >"$data/kafka/server.properties"
  [[ -e $data/kafka/log/meta.properties ]] || java -Xmx128m -cp "$(jars kafka)/*" kafka.tools.StorageTool \
    format --cluster-id "$kafka_cluster_id" --config "$data/kafka/server.properties"
}

# One node cannot replicate, so every topic that Kafka makes for itself has one copy. The cleaner's buffer fits the small heap.
# A broker that was killed is let in again only when its former session has run out, so that session is short.
kafka_properties() {
  cat <<TEXT
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$kafka_controller_port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:${port[kafka]},CONTROLLER://127.0.0.1:$kafka_controller_port
advertised.listeners=PLAINTEXT://127.0.0.1:${port[kafka]}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$data/kafka/log
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=4000
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
TEXT
}

kafka_run() {
  exec setsid java -Xms128m -Xmx512m -XX:+UseSerialGC -Djava.net.preferIPv4Stack=true \
    -Dlog4j2.configurationFile="$here/lib/log4j2.properties" -cp "$(jars kafka)/*" kafka.Kafka "$data/kafka/server.properties"
}

kafka_answers() {
  timeout 5 kcat -b "127.0.0.1:${port[kafka]}" -L -m 3
}
