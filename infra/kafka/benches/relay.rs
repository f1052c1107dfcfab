//! How fast a backlog is copied, beside a plain producer of the same records; and how long an event takes when
//! nothing else happens. Kafka's own `producer-perf-test` runs beside it where its libraries are installed.
#![allow(clippy::print_stdout, reason = "this is how a benchmark tells its result")]

#[path = "../tests/support/cluster.rs"]
mod cluster;
#[path = "relay/perf_tool.rs"]
mod perf_tool;

use std::time::{Duration, Instant};

use cluster::{Cluster, Running, motor, relocated};
use perf_tool::Load;
use rdkafka::message::{Headers, Message, OwnedMessage};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use tokio::task::spawn_blocking;

const STREAMS: u64 = 100;
const EVENTS_PER_APPEND: u64 = 1_000;
const APPENDS_PER_STREAM: u64 = 3;
const EVENTS: u64 = STREAMS * EVENTS_PER_APPEND * APPENDS_PER_STREAM;
const SINGLE_EVENTS: u64 = 300;
const PAUSE: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() {
    let Some(cluster) = Cluster::fresh().await else { return };
    for append in 0..APPENDS_PER_STREAM {
        for stream in 0..STREAMS {
            let version = append * EVENTS_PER_APPEND;
            let events = (0..EVENTS_PER_APPEND).map(relocated).collect();
            cluster.append(&motor(stream), version, events).await;
        }
    }
    let began = Instant::now();
    let mut relay = Running::start(cluster.relay());
    relay.reach(EVENTS).await;
    let transactions = relay.status.borrow().transactions;
    let took = began.elapsed();
    tell("relay", took);
    println!("{transactions} transactions");
    latency(&cluster, &mut relay).await;
    relay.drain().await;
    let record = cluster.committed(cluster.topics.events_of("motor")).await.remove(0);
    if let Some(peer) = kafkas_own(&cluster, &record).await {
        let ratio = EVENTS as f64 / took.as_secs_f64() / peer;
        println!("Kafka's producer-perf-test: {peer:.0} records/s; the relay to it: {ratio:.2}");
    }
    let began = Instant::now();
    plain(&cluster, record).await;
    tell("plain idempotent producer, one record again and again", began.elapsed());
}

/// As many records as large as ours, to a topic as ours.
async fn kafkas_own(cluster: &Cluster, record: &OwnedMessage) -> Option<f64> {
    let sample = text_of(record);
    let (brokers, topic) = (cluster.kafka.brokers.clone(), cluster.topics.events_of("image"));
    let sending = spawn_blocking(move || {
        let load = Load { brokers: &brokers, topic: &topic, records: EVENTS, text: &sample };
        perf_tool::records_per_second(&load)
    });
    sending.await.expect("it does not panic")
}

/// A line with as many bytes as key, headers and value of `record`.
fn text_of(record: &OwnedMessage) -> String {
    let headers = record.headers().into_iter().flat_map(|headers| headers.iter());
    let mut bytes: Vec<u8> = record.key().unwrap_or_default().to_vec();
    for header in headers {
        bytes.extend_from_slice(header.key.as_bytes());
        bytes.extend_from_slice(header.value.unwrap_or_default());
    }
    bytes.extend_from_slice(record.payload().unwrap_or_default());
    let printable = |byte: &u8| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' };
    bytes.iter().map(printable).collect()
}

fn tell(what: &str, took: Duration) {
    println!("{what}: {:.0} records/s", EVENTS as f64 / took.as_secs_f64());
}

async fn latency(cluster: &Cluster, relay: &mut Running) {
    let mut millis = Vec::new();
    for event in 0..SINGLE_EVENTS {
        tokio::time::sleep(PAUSE).await;
        let began = Instant::now();
        cluster.append(&motor(STREAMS + 1), event, vec![relocated(event)]).await;
        relay.reach(EVENTS + event + 1).await;
        millis.push(began.elapsed().as_secs_f64() * 1e3);
    }
    millis.sort_by(f64::total_cmp);
    let at = |share: f64| millis[(millis.len() as f64 * share) as usize];
    println!("log to topic: p50 {:.1} ms, p99 {:.1} ms", at(0.5), at(0.99));
}

async fn plain(cluster: &Cluster, record: OwnedMessage) {
    let mut config = cluster.kafka.producer_config();
    config.set("queue.buffering.max.messages", "100000").set("linger.ms", "5");
    let producer: BaseProducer = config.create().expect("the settings are good");
    let topic = cluster.topics.events_of("image");
    let sending = spawn_blocking(move || {
        let headers = record.headers().expect("it has headers");
        for number in 0..EVENTS {
            let key = motor(number % STREAMS).id.to_string();
            let payload = record.payload().unwrap_or_default();
            let mut next =
                BaseRecord::to(&topic).key(&key).payload(payload).headers(headers.clone());
            while let Err((_, back)) = producer.send(next) {
                producer.poll(Duration::from_millis(1));
                next = back;
            }
        }
        producer.flush(Duration::from_secs(60)).expect("the cluster answers");
    });
    sending.await.expect("it does not panic");
}
