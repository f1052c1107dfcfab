//! A few connections that only read, off the async threads.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

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
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Closed)?;
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            // The permit goes back after the connection: there is always one connection per permit.
            let _permit = permit;
            let lent = Lent::from(idle)?;
            let snapshot = lent.connection()?.unchecked_transaction()?;
            read(&snapshot)
        });
        task.await?
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
