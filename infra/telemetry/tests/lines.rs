//! Log lines on their way over a real socket, beside being written.
#![cfg(feature = "otlp")]

#[path = "collector/collector.rs"]
#[allow(dead_code, reason = "each test reads what it is about")]
mod collector;

use collector::Collector;
use infra_telemetry::{Identity, LogFormat, TraceSpan, start};
use tracing::{debug, error, info};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";

/// One test, as a process has one way of writing lines.
#[tokio::test(flavor = "multi_thread")]
async fn lines_are_sent_with_what_belongs_to_them_and_what_sends_them_is_silent() {
    let collector = Collector::start();
    let endpoint = collector.endpoint.clone();
    let get = move |name: &str| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| endpoint.clone());
    let identity = Identity { roles: "api".to_owned(), ..Identity::default() };
    let telemetry = start(LogFormat::Text, "info", &identity, &get);
    let traceparent = format!("00-{TRACE}-{CLIENT}-01");
    {
        let request = TraceSpan::request("POST", "/v1/motors", Some(&traceparent));
        request.run(async { error!(route = "/v1/motors", "a request failed") }).await;
    }
    info!("ready");
    debug!("not to be seen");
    tokio::task::spawn_blocking(|| telemetry.stop()).await.expect("it ends");

    let lines = collector.lines();
    let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["a request failed", "ready"], "nothing else: {lines:#?}");
    let failed = &lines[0];
    assert_eq!(failed.severity, "ERROR");
    assert_eq!(failed.attribute("route"), Some("/v1/motors"));
    assert_eq!(failed.trace, TRACE);
    assert_eq!(failed.of_resource("service.name"), Some("atalaya"));
    assert_eq!(failed.of_resource("atalaya.roles"), Some("api"));
    assert_eq!(collector.spans().len(), 1, "spans go the same way");
}
