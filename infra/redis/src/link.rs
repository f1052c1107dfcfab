//! The way to Redis: one connection for all, and a pause after every failure.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, RedisResult, ScriptInvocation,
};
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::counts::CacheCounts;
use crate::error::OpenError;
use crate::settings::CacheSettings;

/// Answers soon or not at all: whoever hears `None` goes on without it.
pub(crate) struct Link {
    client: Option<Client>,
    settings: CacheSettings,
    counts: Arc<CacheCounts>,
    state: Mutex<State>,
    /// Held by the one that connects.
    connecting: tokio::sync::Mutex<()>,
    /// Whether others wait for it. A reader can do without a cache; a budget is not to be asked for elsewhere meanwhile.
    waits_for_connection: bool,
}

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    /// How many connections there were.
    number: u64,
    off_until: Option<Instant>,
}

impl Link {
    pub(crate) fn new(
        settings: &CacheSettings,
        counts: &Arc<CacheCounts>,
    ) -> Result<Self, OpenError> {
        let client = settings.url.as_deref().map(Client::open).transpose();
        Ok(Self {
            client: client.map_err(OpenError::Address)?,
            settings: settings.clone(),
            counts: Arc::clone(counts),
            state: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            waits_for_connection: false,
        })
    }

    /// Answers a little later rather than not at all when a connection is just being made.
    pub(crate) fn patient(self) -> Self {
        Self { waits_for_connection: true, ..self }
    }

    /// Whether asking now would be in vain.
    pub(crate) fn is_off(&self) -> bool {
        let off = |until: Instant| Instant::now() < until;
        self.client.is_none() || self.state().off_until.is_some_and(off)
    }

    /// Which connection is in use; it grows when there is a new one. What was written over an earlier one may be lost.
    pub(crate) fn number(&self) -> u64 {
        self.state().number
    }

    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        let (mut connection, number) = self.connection().await?;
        self.answer(number, command.query_async(&mut connection)).await
    }

    pub(crate) async fn ask_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Option<T> {
        let (mut connection, number) = self.connection().await?;
        self.answer(number, commands.query_async(&mut connection)).await
    }

    pub(crate) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Option<T> {
        let (mut connection, number) = self.connection().await?;
        self.answer(number, script.invoke_async(&mut connection)).await
    }

    async fn answer<T>(
        &self,
        number: u64,
        asked: impl Future<Output = RedisResult<T>>,
    ) -> Option<T> {
        let bound = Duration::from_millis(self.settings.response_ms_max);
        match timeout(bound, asked).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => self.failed(number, &error.to_string()),
            Err(_) => self.failed(number, "no answer in time"),
        }
    }

    async fn connection(&self) -> Option<(MultiplexedConnection, u64)> {
        let client = self.client.as_ref()?;
        if let Some(known) = self.known() {
            return Some(known);
        }
        if self.is_off() {
            return None;
        }
        let bound = Duration::from_millis(self.settings.connect_ms_max);
        let _connecting = if self.waits_for_connection {
            timeout(bound, self.connecting.lock()).await.ok()?
        } else {
            self.connecting.try_lock().ok()?
        };
        if let Some(known) = self.known() {
            return Some(known);
        }
        if self.is_off() {
            return None;
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(bound))
            // Every question has a bound of its own.
            .set_response_timeout(None);
        let connect = client.get_multiplexed_async_connection_with_config(&config);
        match timeout(bound, connect).await {
            Ok(Ok(connection)) => Some(self.connected(connection)),
            Ok(Err(error)) => self.failed(self.number(), &error.to_string()),
            Err(_) => self.failed(self.number(), "no connection in time"),
        }
    }

    fn known(&self) -> Option<(MultiplexedConnection, u64)> {
        let state = self.state();
        Some((state.connection.clone()?, state.number))
    }

    fn connected(&self, connection: MultiplexedConnection) -> (MultiplexedConnection, u64) {
        let mut state = self.state();
        state.number += 1;
        state.off_until = None;
        state.connection = Some(connection.clone());
        info!(connection = state.number, "Redis answers");
        (connection, state.number)
    }

    /// Lets go of the connection that failed, unless somebody has done so before.
    fn failed<T>(&self, number: u64, why: &str) -> Option<T> {
        CacheCounts::add(&self.counts.failures, 1);
        let mut state = self.state();
        if state.number == number {
            state.connection = None;
            state.off_until = Some(Instant::now() + Duration::from_millis(self.settings.off_ms));
            warn!(connection = number, off_ms = self.settings.off_ms, "Redis is left aside: {why}");
        }
        None
    }

    /// Held for one step, never across an await.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
