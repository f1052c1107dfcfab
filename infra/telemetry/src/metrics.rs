//! The instruments, by the names that dashboards and alerts use.

mod arrivals;
mod bounds;
mod reconciler;
mod standing;
#[cfg(test)]
mod tests;

use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, MeterProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Encoder, Registry, TextEncoder};

use self::arrivals::Arrivals;
use self::reconciler::Reconciled;
use self::standing::Standing;
use crate::Identity;
use crate::fresh::Fresh;

pub use self::arrivals::{FeedState, SampleArrivals};
pub use self::standing::{DiskRoom, QueueState};

/// Methods that a label may have; any other word of a client would make a series of its own.
const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
const OTHER_METHOD: &str = "_OTHER";

// As they are exported: that is how stale ones are found again.
const LAG_EVENTS: &str = "atalaya_subscription_lag_events";
const LAG_SECONDS: &str = "atalaya_subscription_lag_seconds";
const LOG_POSITION: &str = "atalaya_log_position";
const DEAD_LETTERS: &str = "atalaya_dead_letters";

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
    fresh: Fresh,
    identity: Identity,
    // Its instruments end with it.
    _provider: SdkMeterProvider,
    request_duration: Histogram<f64>,
    operation_duration: Histogram<f64>,
    process_duration: Histogram<f64>,
    consumed: Counter<u64>,
    events_appended: Counter<u64>,
    events_handled: Counter<u64>,
    lag_events: Gauge<u64>,
    lag_seconds: Gauge<f64>,
    log_position: Gauge<u64>,
    dead_letters: Gauge<u64>,
    backup_made_at: Gauge<f64>,
    samples_dropped: Gauge<u64>,
    reconciled: Reconciled,
    arrivals: Arrivals,
    standing: Standing,
}

impl Metrics {
    /// Makes the instruments of a process that nobody has given a name.
    ///
    /// # Errors
    /// The exporter cannot be set up.
    pub fn new() -> Result<Self, MetricsError> {
        Self::of(Identity::default())
    }

    /// Makes the instruments of the process `identity`, which `target_info` tells.
    ///
    /// # Errors
    /// The exporter cannot be set up.
    pub fn of(identity: Identity) -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .build()
            .map_err(|error| MetricsError(error.to_string()))?;
        let provider = SdkMeterProvider::builder()
            .with_resource(identity.resource())
            .with_reader(exporter)
            .build();
        let meter = provider.meter("atalaya");
        let text = |name, description| Instrument { meter: &meter, name, description };
        Ok(Self {
            request_duration: text("http.server.request.duration", "How long requests took")
                .seconds(&bounds::REQUEST_S),
            operation_duration: text(
                "db.client.operation.duration",
                "How long the event store and the read models took",
            )
            .seconds(&bounds::OPERATION_S),
            process_duration: text(
                "messaging.process.duration",
                "How long handlers took for a batch",
            )
            .seconds(&bounds::PROCESS_S),
            consumed: text("messaging.client.consumed.messages", "Events that handlers were given")
                .counter(),
            events_appended: text("atalaya.events.appended", "Events recorded by this process")
                .counter(),
            events_handled: text("atalaya.events.handled", "Events that handlers acted on")
                .counter(),
            lag_events: text(
                "atalaya.subscription.lag.events",
                "Events recorded and not handled yet",
            )
            .gauge(),
            lag_seconds: meter
                .f64_gauge("atalaya.subscription.lag")
                .with_unit("s")
                .with_description("The age of the oldest event not handled yet")
                .build(),
            log_position: text(
                "atalaya.log.position",
                "The position up to which the log is complete",
            )
            .gauge(),
            dead_letters: text("atalaya.dead_letters", "Events that wait for a person").gauge(),
            backup_made_at: meter
                .f64_gauge("atalaya.backup.last_success.timestamp")
                .with_unit("s")
                .with_description("When the last backup was made, in seconds since 1970")
                .build(),
            samples_dropped: text(
                "atalaya.samples.dropped",
                "Samples of which nothing was made since the start of the process",
            )
            .gauge(),
            reconciled: Reconciled::of(&meter),
            arrivals: Arrivals::of(&meter),
            standing: Standing::of(&meter),
            registry,
            fresh: Fresh::default(),
            identity,
            _provider: provider,
        })
    }

    /// A request was answered. `route` is the pattern, never the path: paths have no bound.
    pub fn request(&self, method: &str, route: &str, status: u16, duration_s: f64) {
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or(OTHER_METHOD);
        let mut labels = vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ];
        if status >= 500 {
            labels.push(KeyValue::new("error.type", status.to_string()));
        }
        self.request_duration.record(duration_s, &labels);
    }

    /// A store did what it was asked to do to `collection`, or failed with `error`: a word, never a message.
    pub fn operated(
        &self,
        operation: &'static str,
        collection: &str,
        error: Option<&'static str>,
        duration_s: f64,
    ) {
        let mut labels = vec![
            KeyValue::new("db.system.name", self.identity.db_system),
            KeyValue::new("db.operation.name", operation),
            KeyValue::new("db.collection.name", collection.to_owned()),
        ];
        labels.extend(error.map(|error| KeyValue::new("error.type", error)));
        self.operation_duration.record(duration_s, &labels);
    }

    /// Events of `category` were recorded.
    pub fn appended(&self, category: &str, events: u64) {
        self.events_appended.add(events, &[KeyValue::new("category", category.to_owned())]);
    }

    /// A handler dealt with a batch of `events`, or failed with `error` and dealt with none of them.
    pub fn handled(
        &self,
        handler: &str,
        error: Option<&'static str>,
        events: u64,
        duration_s: f64,
    ) {
        let mut labels = self.messaging("process", handler);
        labels.extend(error.map(|error| KeyValue::new("error.type", error)));
        self.process_duration.record(duration_s, &labels);
        let handled = if error.is_none() { events } else { 0 };
        self.events_handled.add(handled, &[KeyValue::new("handler", handler.to_owned())]);
    }

    /// A handler was given events; some of them perhaps again.
    pub fn consumed(&self, handler: &str, events: u64) {
        self.consumed.add(events, &self.messaging("receive", handler));
    }

    /// How far a handler is behind the log, as measured against the log itself. What is not measured any more is
    /// not told any more.
    pub fn lag(&self, handler: &str, lag: Lag) {
        let labels = [KeyValue::new("handler", handler.to_owned())];
        self.lag_events.record(lag.events, &labels);
        self.lag_seconds.record(lag.seconds, &labels);
        let now = Instant::now();
        self.fresh.measured(LAG_EVENTS, handler, now);
        self.fresh.measured(LAG_SECONDS, handler, now);
    }

    /// Where the log ends. Not told any more when it is not measured any more.
    pub fn log_position(&self, position: u64) {
        self.log_position.record(position, &[]);
        self.fresh.measured(LOG_POSITION, "", Instant::now());
    }

    /// How many events wait for a person. Not told any more when it is not measured any more.
    pub fn dead_letters(&self, count: u64) {
        self.dead_letters.record(count, &[]);
        self.fresh.measured(DEAD_LETTERS, "", Instant::now());
    }

    /// When the last backup was made, in seconds since 1970.
    pub fn backup_made_at(&self, seconds: f64) {
        self.backup_made_at.record(seconds, &[]);
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
        self.text_at(Instant::now())
    }

    fn text_at(&self, now: Instant) -> Result<String, MetricsError> {
        let families = self.fresh.only(self.registry.gather(), now);
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&families, &mut text)
            .map_err(|error| MetricsError(error.to_string()))?;
        String::from_utf8(text).map_err(|error| MetricsError(error.to_string()))
    }

    fn messaging(&self, operation: &'static str, handler: &str) -> Vec<KeyValue> {
        vec![
            KeyValue::new("messaging.system", self.identity.messaging_system),
            KeyValue::new("messaging.operation.name", operation),
            KeyValue::new("messaging.consumer.group.name", handler.to_owned()),
        ]
    }

    #[cfg(feature = "otlp")]
    pub(crate) const fn identity(&self) -> &Identity {
        &self.identity
    }
}

/// An instrument about to be made.
struct Instrument<'a> {
    meter: &'a Meter,
    name: &'static str,
    description: &'static str,
}

impl Instrument<'_> {
    fn seconds(self, bounds: &[f64]) -> Histogram<f64> {
        self.meter
            .f64_histogram(self.name)
            .with_unit("s")
            .with_description(self.description)
            .with_boundaries(bounds.to_vec())
            .build()
    }

    fn counter(self) -> Counter<u64> {
        self.meter.u64_counter(self.name).with_description(self.description).build()
    }

    fn gauge(self) -> Gauge<u64> {
        self.meter.u64_gauge(self.name).with_description(self.description).build()
    }
}
