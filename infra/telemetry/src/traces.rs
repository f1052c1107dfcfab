//! Sends spans to a collector by OTLP over HTTP. Whether anybody listens there changes nothing for those who work.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::Identity;
use crate::logs::SPANS;

/// So many spans wait to be sent; what comes on top is dropped, so that nobody waits for a collector.
const QUEUE_SPANS_MAX: usize = 4_096;
const BATCH_SPANS_MAX: usize = 512;
const BATCH_DELAY_MS: u64 = 1_000;
const EXPORT_MS_MAX: u64 = 2_000;
/// At the end, all that is left has this long.
const STOP_MS_MAX: u64 = 3_000;

/// Where spans go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceSettings {
    endpoint: String,
}

impl TraceSettings {
    /// Reads the conventional variables through `get`; an empty one counts as none. `None`: spans go nowhere.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let text = |name: &str| get(name).filter(|value| !value.is_empty());
        let is_disabled = text("OTEL_SDK_DISABLED").is_some_and(|value| value == "true")
            || text("OTEL_TRACES_EXPORTER").is_some_and(|value| value == "none");
        if is_disabled {
            return None;
        }
        let of_all = || {
            let base = text("OTEL_EXPORTER_OTLP_ENDPOINT")?;
            Some(format!("{}/v1/traces", base.trim_end_matches('/')))
        };
        let endpoint = text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(of_all)?;
        Some(Self { endpoint })
    }
}

/// The way of spans to a collector.
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// To the collector of `settings`, as told by `identity`. Nobody needs to listen there yet.
    ///
    /// # Errors
    /// The endpoint is no URL, or no thread can be started.
    pub fn to(settings: &TraceSettings, identity: &Identity) -> Result<Self, ExporterBuildError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(&settings.endpoint)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(Duration::from_millis(EXPORT_MS_MAX))
            // A batch that is tried again would keep the next ones waiting until they are dropped.
            .with_retry_policy(opentelemetry_otlp::RetryPolicy::disabled())
            .build()?;
        let bounds = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE_SPANS_MAX)
            .with_max_export_batch_size(BATCH_SPANS_MAX)
            .with_scheduled_delay(Duration::from_millis(BATCH_DELAY_MS))
            .build();
        let batches = BatchSpanProcessor::builder(exporter).with_batch_config(bounds).build();
        let provider = SdkTracerProvider::builder()
            .with_resource(identity.resource())
            .with_span_processor(batches)
            .build();
        Ok(Self { provider })
    }

    /// To be put around whatever subscribes already.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("atalaya"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.target() == SPANS))
    }

    /// Sends what was not sent yet, for a bounded time.
    pub fn stop(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(Duration::from_millis(STOP_MS_MAX))
        {
            tracing::debug!(%error, "some spans were not sent");
        }
    }
}
