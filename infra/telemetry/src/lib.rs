//! Logs on standard error, metrics for Prometheus, traces for a collector, and decorators that measure any port.

mod fresh;
mod identity;
mod logs;
mod measured;
mod metrics;
#[cfg(feature = "otlp")]
mod sent_lines;
#[cfg(feature = "otlp")]
mod spans;
#[cfg(not(feature = "otlp"))]
#[path = "spans/none.rs"]
mod spans;
#[cfg(feature = "otlp")]
mod traced_lines;
#[cfg(feature = "otlp")]
mod traces;

pub use identity::Identity;
pub use logs::{LogFormat, Telemetry, start, start_logs};
pub use measured::{MeasuredHandler, MeasuredReadModels, MeasuredStore, MeasuredSubscriptions};
pub use metrics::{DiskRoom, FeedState, Lag, Metrics, MetricsError, QueueState, SampleArrivals};
#[cfg(feature = "otlp")]
pub use sent_lines::{LineSettings, SentLines};
pub use spans::{TraceSpan, current_traceparent};
#[cfg(feature = "otlp")]
pub use traces::{TraceSettings, Traces};
