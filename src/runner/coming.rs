//! The next delivery while it is on its way.

use std::future::Future;
use std::pin::pin;

use futures::future::BoxFuture;
use ports::PortError;
use ports::subscription::Delivery;

/// A delivery on its way. It is moved on along with whatever else is done: a read that has been given its turn at the
/// store and is then left alone would keep everybody else from theirs, the one that it is left alone for included.
pub(super) struct Coming<'a> {
    way: BoxFuture<'a, Result<Delivery, PortError>>,
    arrived: Option<Result<Delivery, PortError>>,
}

impl<'a> Coming<'a> {
    pub(super) fn of(way: BoxFuture<'a, Result<Delivery, PortError>>) -> Self {
        Self { way, arrived: None }
    }

    /// Does `work` to its end. What arrives meanwhile is kept.
    pub(super) async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if self.arrived.is_none() {
            tokio::select! {
                biased;
                done = &mut work => return done,
                delivery = &mut self.way => self.arrived = Some(delivery),
            }
        }
        work.await
    }

    /// Waits for the delivery. May be dropped at any time, and called again until it has given it.
    pub(super) async fn arrival(&mut self) -> Result<Delivery, PortError> {
        match self.arrived.take() {
            Some(delivery) => delivery,
            None => (&mut self.way).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures::FutureExt;
    use ports::stream::GlobalPosition;
    use ports::subscription::progress_at;
    use tokio::sync::Semaphore;

    use super::*;

    fn delivery() -> Delivery {
        Delivery { events: vec![], progress: progress_at(GlobalPosition(7)) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_that_waits_for_its_turn_does_not_hold_up_the_work_that_comes_between() {
        let turns = Arc::new(Semaphore::new(1));
        let taken = Arc::clone(&turns).acquire_owned().await.expect("it is open");
        let read = Arc::clone(&turns);
        let mut coming = Coming::of(Box::pin(async move {
            let _turn = read.acquire().await.expect("it is open");
            Ok(delivery())
        }));
        // The read asks for its turn first, and the work after it.
        assert!(coming.arrival().now_or_never().is_none());
        let work = async {
            let _turn = turns.acquire().await.expect("it is open");
        };
        let freeing = async { drop(taken) };
        let between = coming.meanwhile(async { tokio::join!(work, freeing) });
        tokio::time::timeout(Duration::from_secs(1), between)
            .await
            .expect("nobody is left waiting");
        let arrived = coming.arrival().await.expect("it arrived");
        assert_eq!(arrived.progress.position, GlobalPosition(7));
    }
}
