//! Logs on standard error, metrics for Prometheus, and decorators that measure any port.

mod logs;
mod measured;
mod metrics;

pub use logs::{LogFormat, start_logs};
pub use measured::{MeasuredHandler, MeasuredStore};
pub use metrics::{Lag, Metrics, MetricsError};
