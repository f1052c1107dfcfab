//! A few connections that only read, off the async threads.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::error::{Closed, Fault};

/// A pool of reading connections. A read sees one state of the file, and is short: callers page.
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn over(connections: Vec<Connection>) -> Self {
        let permits = Arc::new(Semaphore::new(connections.len()));
        Self { idle: Arc::new(Mutex::new(connections)), permits }
    }

    /// Runs `read` on a thread that may block, within one read transaction.
    pub(crate) async fn run<T, R>(&self, read: R) -> Result<T, Fault>
    where
        T: Send + 'static,
        R: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (permits, idle) = (Arc::clone(&self.permits), Arc::clone(&self.idle));
        // A task of its own waits for its turn, and ends with the caller. A caller that waited itself and then was left
        // alone for a while would keep the turn that it had been given from everybody else.
        let mut turn = JoinSet::new();
        turn.spawn(async move {
            let permit = permits.acquire_owned().await.map_err(|_| Closed)?;
            let task = tokio::task::spawn_blocking(move || {
                // The permit goes back after the connection: there is always one connection per permit.
                let _permit = permit;
                let lent = Lent::from(idle)?;
                let snapshot = lent.connection()?.unchecked_transaction()?;
                read(&snapshot)
            });
            task.await?
        });
        turn.join_next().await.ok_or(Closed)??
    }

    /// Closes the connections that nobody reads from; the others close with their reads.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A connection that goes back into the pool, whatever the reader does.
struct Lent {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Lent {
    fn from(idle: Arc<Mutex<Vec<Connection>>>) -> Result<Self, Closed> {
        let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or(Closed)?;
        Ok(Self { connection: Some(connection), idle })
    }

    fn connection(&self) -> Result<&Connection, Closed> {
        self.connection.as_ref().ok_or(Closed)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let connection = self.connection.take();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(connection);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use futures::FutureExt;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_read_that_is_left_alone_keeps_nobody_from_reading() {
        let readers = Readers::over(vec![Connection::open_in_memory().unwrap()]);
        let (release, released) = mpsc::channel();
        let mut first = std::pin::pin!(readers.run(move |_| Ok(released.recv().is_ok())));
        assert!(first.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
        let mut left_alone = std::pin::pin!(readers.run(|_| Ok(2)));
        assert!(left_alone.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
        release.send(()).unwrap();
        let third = timeout(Duration::from_secs(30), readers.run(|_| Ok(3))).await;
        assert_eq!(third.expect("it has its turn").unwrap(), 3);
        assert!(first.await.unwrap());
        assert_eq!(left_alone.await.unwrap(), 2);
    }
}
