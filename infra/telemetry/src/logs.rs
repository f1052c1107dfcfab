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
}

impl Telemetry {
    /// Sends what was not sent yet, for a bounded time.
    pub fn stop(self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces {
            traces.stop();
        }
    }
}

/// Starts writing to standard error what `filter` lets through (`info`, `atalaya=debug`). Once per process; later
/// calls change nothing.
pub fn start_logs(format: LogFormat, filter: &str) {
    // Whoever set up logging first, a test for instance, keeps it.
    let _ = tracing_subscriber::registry().with(lines(format, filter)).try_init();
}

/// Starts logs as [`start_logs`] does and, in builds with the feature `otlp`, sends spans to the collector that the
/// environment names through `get` (`OTEL_EXPORTER_OTLP_ENDPOINT`), if it names one. Once per process.
#[cfg_attr(not(feature = "otlp"), expect(unused_variables, reason = "only traces need them"))]
pub fn start(
    format: LogFormat,
    filter: &str,
    identity: &Identity,
    get: &dyn Fn(&str) -> Option<String>,
) -> Telemetry {
    #[cfg(feature = "otlp")]
    if let Some(settings) = crate::TraceSettings::read(get) {
        return start_with_traces(format, filter, identity, &settings);
    }
    start_logs(format, filter);
    Telemetry {
        #[cfg(feature = "otlp")]
        traces: None,
    }
}

#[cfg(feature = "otlp")]
fn start_with_traces(
    format: LogFormat,
    filter: &str,
    identity: &Identity,
    settings: &crate::TraceSettings,
) -> Telemetry {
    match crate::Traces::to(settings, identity) {
        Ok(traces) => {
            let subscriber = tracing_subscriber::registry().with(lines(format, filter));
            let _ = subscriber.with(traces.layer()).try_init();
            Telemetry { traces: Some(traces) }
        }
        Err(error) => {
            start_logs(format, filter);
            tracing::warn!(%error, "spans cannot be sent anywhere: the process goes on without");
            Telemetry { traces: None }
        }
    }
}

fn lines(format: LogFormat, filter: &str) -> impl Layer<Registry> + use<> {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
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
