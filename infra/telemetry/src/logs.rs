//! One line per thing that happened, for people or for machines; spans go elsewhere.

use std::io::IsTerminal;

use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

use crate::Identity;

/// Where spans are, in builds that have them. They are for collectors, not for lines.
#[cfg(feature = "otlp")]
pub(crate) const SPANS: &str = "atalaya_spans";

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// What has been started, to be stopped when everything else has ended.
#[must_use = "what was not sent yet is sent when it is stopped"]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    traces: Option<crate::Traces>,
    #[cfg(feature = "otlp")]
    sent_lines: Option<crate::SentLines>,
}

impl Telemetry {
    /// Sends what was not sent yet, for a bounded time.
    pub fn stop(self) {
        #[cfg(feature = "otlp")]
        {
            self.traces.into_iter().for_each(crate::Traces::stop);
            self.sent_lines.into_iter().for_each(crate::SentLines::stop);
        }
    }
}

/// Starts writing to standard error what `filter` lets through (`info`, `atalaya=debug`). Once per process; later
/// calls change nothing.
pub fn start_logs(format: LogFormat, filter: &str) {
    // Whoever set up logging first, a test for instance, keeps it.
    let _ = tracing_subscriber::registry().with(lines(format, filter)).try_init();
}

/// Starts logs as [`start_logs`] does and, in builds with the feature `otlp`, sends spans and lines to the collectors
/// that the environment names through `get` (`OTEL_EXPORTER_OTLP_ENDPOINT` and the like), if it names any. Once per
/// process.
#[cfg(not(feature = "otlp"))]
pub fn start(
    format: LogFormat,
    filter: &str,
    _identity: &Identity,
    _get: &dyn Fn(&str) -> Option<String>,
) -> Telemetry {
    start_logs(format, filter);
    Telemetry {}
}

/// Starts logs as [`start_logs`] does and, in builds with the feature `otlp`, sends spans and lines to the collectors
/// that the environment names through `get` (`OTEL_EXPORTER_OTLP_ENDPOINT` and the like), if it names any. Once per
/// process.
#[cfg(feature = "otlp")]
pub fn start(
    format: LogFormat,
    filter: &str,
    identity: &Identity,
    get: &dyn Fn(&str) -> Option<String>,
) -> Telemetry {
    let traces = crate::TraceSettings::read(get).map(|to| crate::Traces::to(&to, identity));
    let sent_lines = crate::LineSettings::read(get).map(|to| crate::SentLines::to(&to, identity));
    let troubles = [
        traces.as_ref().and_then(|built| built.as_ref().err().map(ToString::to_string)),
        sent_lines.as_ref().and_then(|built| built.as_ref().err().map(ToString::to_string)),
    ];
    let (traces, sent_lines) = (traces.and_then(Result::ok), sent_lines.and_then(Result::ok));
    // Whoever set up logging first, a test for instance, keeps it.
    let _ = tracing_subscriber::registry()
        .with(lines(format, filter))
        .with(traces.as_ref().map(crate::Traces::layer))
        .with(sent_lines.as_ref().map(|lines| lines.layer(filter)))
        .try_init();
    for error in troubles.into_iter().flatten() {
        tracing::warn!(error, "spans or lines cannot be sent: the process goes on without");
    }
    Telemetry { traces, sent_lines }
}

/// What a filter that nobody can read lets through: as much as one that nobody gave.
pub(crate) fn filter_of(text: &str) -> EnvFilter {
    EnvFilter::try_new(text).unwrap_or_else(|_| EnvFilter::new("info"))
}

fn lines(format: LogFormat, filter: &str) -> impl Layer<Registry> + use<> {
    let filter = filter_of(filter);
    #[cfg(feature = "otlp")]
    let filter = filter.add_directive(
        format!("{SPANS}=off").parse().expect("a target and a level are a directive"),
    );
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            let colours = std::io::stderr().is_terminal();
            lines.with_ansi(colours).with_target(false).with_filter(filter).boxed()
        }
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true);
            #[cfg(feature = "otlp")]
            let lines = lines.map_event_format(crate::traced_lines::TracedLines::of);
            lines.with_filter(filter).boxed()
        }
    }
}
