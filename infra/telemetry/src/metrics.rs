//! The instruments, by the names that dashboards and alerts use.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, MeterProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Encoder, Registry, TextEncoder};

/// In seconds: from a cached read to a request that waits for its bound.
const REQUEST_BOUNDS_S: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// In seconds: from one synchronous write to a disk that is in trouble.
const APPEND_BOUNDS_S: [f64; 12] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];
/// In seconds: from one event to a large batch.
const HANDLE_BOUNDS_S: [f64; 10] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0];

/// Metrics could not be set up or written out.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be exported: {0}")]
pub struct MetricsError(String);

/// How far a handler is behind the log.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lag {
    /// Events recorded and not handled yet.
    pub events: u64,
    /// The age of the oldest of them; 0 when there are none.
    pub seconds: f64,
}

/// The instruments of this process.
pub struct Metrics {
    registry: Registry,
    // Its instruments end with it.
    _provider: SdkMeterProvider,
    request_duration: Histogram<f64>,
    append_duration: Histogram<f64>,
    events_appended: Counter<u64>,
    handle_duration: Histogram<f64>,
    events_handled: Counter<u64>,
    lag_events: Gauge<u64>,
    lag_seconds: Gauge<f64>,
    log_position: Gauge<u64>,
    dead_letters: Gauge<u64>,
    samples_dropped: Gauge<u64>,
}

impl Metrics {
    /// Makes the instruments.
    ///
    /// # Errors
    /// The exporter cannot be set up.
    pub fn new() -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .build()
            .map_err(|error| MetricsError(error.to_string()))?;
        let provider = SdkMeterProvider::builder().with_reader(exporter).build();
        let meter = provider.meter("atalaya");
        Ok(Self {
            request_duration: seconds(
                &meter,
                "http.server.request.duration",
                "How long requests took",
                &REQUEST_BOUNDS_S,
            ),
            append_duration: seconds(
                &meter,
                "atalaya.append.duration",
                "How long appends took until they were durable",
                &APPEND_BOUNDS_S,
            ),
            events_appended: meter
                .u64_counter("atalaya.events.appended")
                .with_description("Events recorded by this process")
                .build(),
            handle_duration: seconds(
                &meter,
                "atalaya.handle.duration",
                "How long handlers took for a batch",
                &HANDLE_BOUNDS_S,
            ),
            events_handled: meter
                .u64_counter("atalaya.events.handled")
                .with_description("Events that handlers acted on")
                .build(),
            lag_events: meter
                .u64_gauge("atalaya.subscription.lag.events")
                .with_description("Events recorded and not handled yet")
                .build(),
            lag_seconds: meter
                .f64_gauge("atalaya.subscription.lag")
                .with_unit("s")
                .with_description("The age of the oldest event not handled yet")
                .build(),
            log_position: meter
                .u64_gauge("atalaya.log.position")
                .with_description("The position up to which the log is complete")
                .build(),
            dead_letters: meter
                .u64_gauge("atalaya.dead_letters")
                .with_description("Events that wait for a person")
                .build(),
            samples_dropped: meter
                .u64_gauge("atalaya.samples.dropped")
                .with_description(
                    "Samples of which nothing was made since the start of the process",
                )
                .build(),
            registry,
            _provider: provider,
        })
    }

    /// A request was answered. `route` is the pattern, never the path: paths have no bound.
    pub fn request(&self, method: &str, route: &str, status: u16, duration_s: f64) {
        let labels = [
            KeyValue::new("http.request.method", method.to_owned()),
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ];
        self.request_duration.record(duration_s, &labels);
    }

    /// An append ended; `outcome` is `ok`, `conflict`, `repeated` or `unavailable`.
    pub fn appended(&self, category: &str, outcome: &'static str, events: u64, duration_s: f64) {
        let category = KeyValue::new("category", category.to_owned());
        self.append_duration
            .record(duration_s, &[category.clone(), KeyValue::new("outcome", outcome)]);
        self.events_appended.add(events, &[category]);
    }

    /// A handler dealt with a batch; `outcome` is `ok`, `poison` or `unavailable`.
    pub fn handled(&self, handler: &str, outcome: &'static str, events: u64, duration_s: f64) {
        let handler = KeyValue::new("handler", handler.to_owned());
        self.handle_duration
            .record(duration_s, &[handler.clone(), KeyValue::new("outcome", outcome)]);
        self.events_handled.add(events, &[handler]);
    }

    /// How far a handler is behind the log, as measured against the log itself.
    pub fn lag(&self, handler: &str, lag: Lag) {
        let handler = [KeyValue::new("handler", handler.to_owned())];
        self.lag_events.record(lag.events, &handler);
        self.lag_seconds.record(lag.seconds, &handler);
    }

    /// Where the log ends.
    pub fn log_position(&self, position: u64) {
        self.log_position.record(position, &[]);
    }

    /// How many events wait for a person.
    pub fn dead_letters(&self, count: u64) {
        self.dead_letters.record(count, &[]);
    }

    /// How many samples were dropped for a reason since the start of the process.
    pub fn samples_dropped(&self, reason: &'static str, count: u64) {
        self.samples_dropped.record(count, &[KeyValue::new("reason", reason)]);
    }

    /// All of it in the Prometheus text format.
    ///
    /// # Errors
    /// The instruments cannot be written out.
    pub fn text(&self) -> Result<String, MetricsError> {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .map_err(|error| MetricsError(error.to_string()))?;
        String::from_utf8(text).map_err(|error| MetricsError(error.to_string()))
    }
}

fn seconds(
    meter: &Meter,
    name: &'static str,
    description: &'static str,
    bounds: &[f64],
) -> Histogram<f64> {
    meter
        .f64_histogram(name)
        .with_unit("s")
        .with_description(description)
        .with_boundaries(bounds.to_vec())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_in_the_text_with_its_unit() {
        let metrics = Metrics::new().unwrap();
        metrics.request("GET", "/v1/motors/{id}", 200, 0.003);
        metrics.appended("motor", "ok", 2, 0.004);
        metrics.lag("motors", Lag { events: 3, seconds: 1.5 });
        metrics.dead_letters(1);
        let text = metrics.text().unwrap();
        for line in [
            r#"http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",http_route="/v1/motors/{id}"} 1"#,
            r#"atalaya_events_appended_total{category="motor"} 2"#,
            r#"atalaya_subscription_lag_seconds{handler="motors"} 1.5"#,
            r#"atalaya_subscription_lag_events{handler="motors"} 3"#,
            "atalaya_dead_letters 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
