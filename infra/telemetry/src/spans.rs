//! Spans by their conventional names, and how one process's trace goes on in the next.
//!
//! ```text
//! request ── append ── (event's traceparent: log, record header) ── process ── append ── …
//! ```

mod context;

use std::collections::BTreeMap;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, Status, TraceContextExt};
use ports::event::RecordedEvent;
use ports::event_store::Append;
use tracing::{Instrument, Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use self::context::{read, written};
use crate::Metrics;

/// How many traces one batch may be linked to; the rest of them is not told.
const LINKS_MAX: usize = 128;

/// Asked every few seconds, and of no interest.
const UNTRACED_ROUTES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// A span, or the lack of one. It ends when it is dropped.
#[derive(Clone, Debug)]
pub struct TraceSpan(Span);

/// Of what is being done at the moment, as W3C Trace Context has it; `None` outside of any trace.
pub fn current_traceparent() -> Option<String> {
    written(Context::current().span().span_context())
}

impl TraceSpan {
    /// For a request to `route`, which is the pattern and never the path. It goes on with the client's trace when
    /// the client has told its `traceparent`.
    pub fn request(method: &str, route: &str, traceparent: Option<&str>) -> Self {
        if UNTRACED_ROUTES.contains(&route) {
            return Self(Span::none());
        }
        let span = info_span!(
            target: "atalaya_spans",
            "request",
            "otel.name" = format!("{method} {route}"),
            "otel.kind" = "server",
            "http.request.method" = method,
            "http.route" = route,
        );
        goes_on(&span, traceparent.and_then(read));
        Self(span)
    }

    /// For an append. It goes on with what is being done, unless that belongs to another trace than what the events
    /// say led to them: then with that one, and with a link to what is being done.
    pub(crate) fn append(append: &Append, metrics: &Metrics) -> Self {
        let category = append.stream.category.as_str();
        let span = info_span!(
            target: "atalaya_spans",
            "append",
            "otel.name" = format!("append {category}"),
            "otel.kind" = "client",
            "db.system.name" = metrics.identity().db_system,
            "db.operation.name" = "append",
            "db.collection.name" = category,
            "db.operation.batch.size" = append.events.len(),
        );
        let current = Context::current().span().span_context().clone();
        let cause = append.metadata.traceparent.as_deref().and_then(read);
        if let Some(cause) = cause.filter(|cause| cause.trace_id() != current.trace_id()) {
            span.add_link(current);
            goes_on(&span, Some(cause));
        }
        Self(span)
    }

    /// For a call of a store. What nobody asked for from outside has none: it would be a trace of its own.
    pub(crate) fn read(operation: &'static str, collection: &str, metrics: &Metrics) -> Self {
        if !Context::current().span().span_context().is_valid() {
            return Self(Span::none());
        }
        Self(info_span!(
            target: "atalaya_spans",
            "read",
            "otel.name" = format!("{operation} {collection}"),
            "otel.kind" = "client",
            "db.system.name" = metrics.identity().db_system,
            "db.operation.name" = operation,
            "db.collection.name" = collection,
        ))
    }

    /// For a batch. It goes on with the trace of its events when they have one in common; otherwise it begins one,
    /// with a link to each of theirs.
    pub(crate) fn batch(handler: &str, events: &[RecordedEvent], metrics: &Metrics) -> Self {
        if events.is_empty() {
            return Self(Span::none());
        }
        let span = info_span!(
            target: "atalaya_spans",
            parent: None,
            "process",
            "otel.name" = format!("process {handler}"),
            "otel.kind" = "consumer",
            "messaging.system" = metrics.identity().messaging_system,
            "messaging.operation.name" = "process",
            "messaging.operation.type" = "process",
            "messaging.consumer.group.name" = handler,
            "messaging.batch.message_count" = events.len(),
        );
        let mut causes: BTreeMap<_, SpanContext> = BTreeMap::new();
        for cause in events.iter().filter_map(|event| read(event.metadata.traceparent.as_deref()?))
        {
            causes.entry(cause.trace_id().to_bytes()).or_insert(cause);
        }
        for cause in causes.values().take(LINKS_MAX) {
            span.add_link(cause.clone());
        }
        if causes.len() == 1 {
            goes_on(&span, causes.into_values().next());
        }
        Self(span)
    }

    /// Does `work` within the span.
    pub async fn run<F: Future>(&self, work: F) -> F::Output {
        work.instrument(self.0.clone()).await
    }

    /// What whoever is called should say led to the call: this span, or the one that is around it.
    pub fn traceparent(&self) -> Option<String> {
        written(self.0.context().span().span_context()).or_else(current_traceparent)
    }

    /// The request was answered.
    pub fn answered(self, status: u16) {
        self.0.set_attribute("http.response.status_code", i64::from(status));
        if status >= 500 {
            self.fail(status.to_string());
        }
    }

    pub(crate) fn end(self, error: Option<&'static str>) {
        if let Some(error) = error {
            self.fail(error.to_owned());
        }
    }

    fn fail(&self, error: String) {
        self.0.set_attribute("error.type", error.clone());
        self.0.set_status(Status::error(error));
    }
}

/// The span goes on with what led to it. One that is not told to anybody, or is under way, stays as it is.
fn goes_on(span: &Span, cause: Option<SpanContext>) {
    if let Some(cause) = cause {
        let _ = span.set_parent(Context::new().with_remote_span_context(cause));
    }
}
