//! Sends log lines to a collector by OTLP over HTTP, beside writing them. Whether anybody listens there changes nothing.

use std::time::Duration;

use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, Protocol, RetryPolicy, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::logs::{BatchConfigBuilder, BatchLogProcessor, SdkLoggerProvider};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::Identity;
use crate::logs::{SPANS, filter_of};

/// So many lines wait to be sent; what comes on top is dropped. All of them are on standard error.
const QUEUE_LINES_MAX: usize = 8_192;
const BATCH_LINES_MAX: usize = 512;
const BATCH_DELAY_MS: u64 = 1_000;
const EXPORT_MS_MAX: u64 = 2_000;
/// At the end, all that is left has this long.
const STOP_MS_MAX: u64 = 3_000;

/// What sends the lines has lines of its own, and each would make another.
const OWN_CRATES: [&str; 6] = ["h2", "hyper", "hyper_util", "opentelemetry", "reqwest", "rustls"];

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineSettings {
    endpoint: String,
}

impl LineSettings {
    /// Reads the conventional variables through `get`; an empty one counts as none. `None`: lines go nowhere else.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let text = |name: &str| get(name).filter(|value| !value.is_empty());
        let is_disabled = text("OTEL_SDK_DISABLED").is_some_and(|value| value == "true")
            || text("OTEL_LOGS_EXPORTER").is_some_and(|value| value == "none");
        if is_disabled {
            return None;
        }
        let of_all = || {
            let base = text("OTEL_EXPORTER_OTLP_ENDPOINT")?;
            Some(format!("{}/v1/logs", base.trim_end_matches('/')))
        };
        let endpoint = text("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT").or_else(of_all)?;
        Some(Self { endpoint })
    }
}

/// The way of lines to a collector.
pub struct SentLines {
    provider: SdkLoggerProvider,
}

impl SentLines {
    /// To the collector of `settings`, as told by `identity`. Nobody needs to listen there yet.
    ///
    /// # Errors
    /// The endpoint is no URL, or no thread can be started.
    pub fn to(settings: &LineSettings, identity: &Identity) -> Result<Self, ExporterBuildError> {
        let exporter = LogExporter::builder()
            .with_http()
            .with_endpoint(&settings.endpoint)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(Duration::from_millis(EXPORT_MS_MAX))
            .with_retry_policy(RetryPolicy::disabled())
            .build()?;
        let bounds = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE_LINES_MAX)
            .with_max_export_batch_size(BATCH_LINES_MAX)
            .with_scheduled_delay(Duration::from_millis(BATCH_DELAY_MS))
            .build();
        let batches = BatchLogProcessor::builder(exporter).with_batch_config(bounds).build();
        let provider = SdkLoggerProvider::builder()
            .with_resource(identity.resource())
            .with_log_processor(batches)
            .build();
        Ok(Self { provider })
    }

    /// Sends what `filter` lets through, to be put beside whatever writes lines.
    pub fn layer<S>(&self, filter: &str) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let filter: EnvFilter = filter_of(filter);
        OpenTelemetryTracingBridge::new(&self.provider)
            .with_filter(filter_fn(is_sent))
            .with_filter(filter)
    }

    /// Sends what was not sent yet, for a bounded time.
    pub fn stop(self) {
        let bound = Duration::from_millis(STOP_MS_MAX);
        if let Err(error) = self.provider.shutdown_with_timeout(bound) {
            tracing::debug!(%error, "some lines were not sent");
        }
    }
}

fn is_sent(line: &Metadata<'_>) -> bool {
    let origin = line.target().split("::").next().unwrap_or_default();
    let is_own = OWN_CRATES.contains(&origin) || origin.starts_with("opentelemetry");
    line.target() != SPANS && line.level() != &Level::TRACE && !is_own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(variables: &[(&str, &str)]) -> Option<String> {
        let get = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        LineSettings::read(&get).map(|settings| settings.endpoint)
    }

    #[test]
    fn the_conventional_variables_say_where_lines_go() {
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
        let lines = ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://loki:3100/otlp/v1/logs");
        assert_eq!(endpoint(&[]), None);
        assert_eq!(endpoint(&[base]).as_deref(), Some("http://collector:4318/v1/logs"));
        assert_eq!(endpoint(&[base, lines]).as_deref(), Some(lines.1));
        assert_eq!(endpoint(&[lines, ("OTEL_LOGS_EXPORTER", "none")]), None);
        assert_eq!(endpoint(&[lines, ("OTEL_SDK_DISABLED", "true")]), None);
    }
}
