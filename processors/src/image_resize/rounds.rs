//! What is done again and again, until the process is to stop.

use std::time::Duration;

use ports::PortError;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::warn;

/// Somebody who looks after something now and then.
pub(super) trait Rounds {
    /// From the end of one round to the next one.
    const INTERVAL_S: u64;
    /// What a round is there for: `deleting originals without a task`.
    const WHAT: &'static str;

    /// Looks once. Half a round does no harm: what was not noted is done once more.
    fn round(&mut self) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// Lets `who` go round until `drain` turns true.
pub(super) async fn go<R: Rounds>(mut who: R, mut drain: watch::Receiver<bool>) {
    let interval = Duration::from_secs(R::INTERVAL_S);
    loop {
        tokio::select! {
            // An error means that whoever could drain is gone, which is the same.
            _ = drain.wait_for(|draining| *draining) => return,
            done = who.round() => {
                if let Err(error) = done {
                    warn!("{}: {}", R::WHAT, error.chain());
                }
            }
        }
        if timeout(interval, drain.wait_for(|draining| *draining)).await.is_ok() {
            return;
        }
    }
}
