//! Spans on their way over a real socket: from a request to what came of it is one trace.
#![cfg(feature = "otlp")]

#[path = "collector/collector.rs"]
#[allow(dead_code, reason = "each test reads what it is about")]
mod collector;
#[path = "collector/follow_up.rs"]
mod follow_up;

use collector::{Collector, SpanSeen};
use follow_up::World;
use infra_telemetry::{Identity, LogFormat, TraceSpan, current_traceparent, start};
use ports::event_store::EventStore;
use ports::stream::{StreamName, StreamVersion};
use uuid::Uuid;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";
const OTHER_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const OTHER_CLIENT: &str = "b7ad6b7169203331";

const SERVER: u64 = 2;
const CONSUMER: u64 = 5;

fn named<'a>(spans: &'a [SpanSeen], name: &str) -> Vec<&'a SpanSeen> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn only<'a>(spans: &'a [SpanSeen], name: &str) -> &'a SpanSeen {
    let found = named(spans, name);
    assert_eq!(found.len(), 1, "{name} in {spans:#?}");
    found[0]
}

async fn a_motor_is_registered() {
    let world = World::new();
    let traceparent = format!("00-{TRACE}-{CLIENT}-01");
    let request = TraceSpan::request("POST", "/v1/motors", Some(&traceparent));
    request
        .run(async {
            let motor = StreamName::new("motor", Uuid::from_u128(1));
            let read = world.store.read_stream(&motor, StreamVersion(0), 1).await;
            assert!(read.expect("memory answers").is_empty());
            world.append("motor", 1, Some(&traceparent)).await;
            assert!(current_traceparent().expect("a trace").contains(TRACE));
        })
        .await;
    request.answered(503);
    world.handle_all().await;
    assert_eq!(current_traceparent(), None);
}

async fn two_pictures_come_in() {
    let world = World::new();
    world.append("image", 2, Some(&format!("00-{TRACE}-{CLIENT}-01"))).await;
    world.append("image", 3, Some(&format!("00-{OTHER_TRACE}-{OTHER_CLIENT}-01"))).await;
    world.append("image", 4, None).await;
    world.handle_all().await;
    TraceSpan::request("GET", "/metrics", None).run(async {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_the_request_through_the_log_to_what_came_of_it() {
    let collector = Collector::start();
    let endpoint = collector.endpoint.clone();
    let get = move |name: &str| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| endpoint.clone());
    let identity = Identity { instance: "worker-7".to_owned(), ..Identity::default() };
    let telemetry = start(LogFormat::Text, "warn", &identity, &get);
    a_motor_is_registered().await;
    two_pictures_come_in().await;
    // Stopping sends the rest; it blocks, as it does at the end of a process.
    tokio::task::spawn_blocking(|| telemetry.stop()).await.expect("it ends");
    let spans = collector.spans();
    is_one_trace(&spans);
    a_batch_of_several_traces_is_linked_to_each(&spans);
}

fn is_one_trace(spans: &[SpanSeen]) {
    let request = only(spans, "POST /v1/motors");
    assert_eq!((request.trace.as_str(), request.parent.as_str()), (TRACE, CLIENT));
    assert_eq!(request.kind, SERVER);
    assert_eq!(request.attribute("http.route"), Some("/v1/motors"));
    assert_eq!(request.attribute("http.response.status_code"), Some("503"));
    assert!(request.has_failed);
    assert_eq!(request.of_resource("service.name"), Some("atalaya"));
    assert_eq!(request.of_resource("service.instance.id"), Some("worker-7"));
    assert_eq!(request.of_resource("atalaya.roles"), Some("all"));

    let read = only(spans, "read_stream motor");
    let append = only(spans, "append motor");
    for child in [read, append] {
        assert_eq!((&child.trace, &child.parent), (&request.trace, &request.id), "{child:#?}");
        assert_eq!(child.attribute("db.system.name"), Some("sqlite"));
    }
    let processed: Vec<_> = named(spans, "process follow_up");
    let process = processed.iter().find(|span| span.parent == append.id).expect("a child of it");
    assert_eq!(process.trace, TRACE);
    assert_eq!(process.kind, CONSUMER);
    assert_eq!(process.links, [(TRACE.to_owned(), append.id.clone())]);
    assert_eq!(process.attribute("messaging.batch.message_count"), Some("1"));
    let answers = named(spans, "append answer");
    let answer = answers.iter().find(|span| span.parent == process.id).expect("a child of it");
    assert_eq!(answer.trace, TRACE);
}

fn a_batch_of_several_traces_is_linked_to_each(spans: &[SpanSeen]) {
    let appends = named(spans, "append image");
    assert_eq!(appends.len(), 3, "{spans:#?}");
    assert_eq!(appends[0].parent, CLIENT);
    assert_eq!(appends[1].parent, OTHER_CLIENT);
    let processed = named(spans, "process follow_up");
    let process = processed.iter().find(|span| span.links.len() == 3).expect("three links");
    assert_eq!(process.parent, "", "it belongs to none of them");
    for append in &appends {
        let link = (append.trace.clone(), append.id.clone());
        assert!(process.links.contains(&link), "{link:?} in {process:#?}");
    }
    let answers = named(spans, "append answer");
    for append in &appends {
        let answer = answers.iter().find(|answer| answer.parent == append.id);
        let answer = answer.expect("what came of an event is of its trace");
        assert_eq!(answer.trace, append.trace);
        assert_eq!(answer.links, [(process.trace.clone(), process.id.clone())]);
    }
    assert!(named(spans, "GET /metrics").is_empty(), "nobody wants to see those");
}
