//! Waiting on conditions. It is the only place of these tests that lets time pass.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const POLL_MS: u64 = 25;

/// What `condition` gives once it gives something; none after `bound`.
pub(crate) async fn within<T>(
    bound: Duration,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> Option<T> {
    let deadline = Instant::now() + bound;
    loop {
        if let Some(met) = condition().await {
            return Some(met);
        }
        if Instant::now() >= deadline {
            return None;
        }
        sleep(Duration::from_millis(POLL_MS)).await;
    }
}

/// The same for what must come.
pub(crate) async fn eventually<T>(
    what: &str,
    bound: Duration,
    condition: impl AsyncFnMut() -> Option<T>,
) -> T {
    let met = within(bound, condition).await;
    met.unwrap_or_else(|| panic!("not within {bound:?}: {what}"))
}
