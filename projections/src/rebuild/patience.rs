//! Tries again what a store did not answer: an hour of folding is not thrown away for a hiccup.

use std::time::Duration;

use ports::PortError;
use tokio::time::sleep;
use tracing::warn;

const ATTEMPTS_MAX: u32 = 10;
const PAUSE_MS_MIN: u64 = 50;
const PAUSE_MS_MAX: u64 = 5_000;

/// The answer of `attempt`, which must be harmless to repeat; after [`ATTEMPTS_MAX`] the last failure.
pub(super) async fn patiently<T, F: Future<Output = Result<T, PortError>>>(
    mut attempt: impl FnMut() -> F,
) -> Result<T, PortError> {
    let mut pause_ms = PAUSE_MS_MIN;
    for number in 1..ATTEMPTS_MAX {
        match attempt().await {
            Ok(answer) => return Ok(answer),
            Err(error) => {
                warn!(attempt = number, "{}; trying again", error.chain());
                sleep(Duration::from_millis(pause_ms)).await;
                pause_ms = (pause_ms * 2).min(PAUSE_MS_MAX);
            }
        }
    }
    attempt().await
}
