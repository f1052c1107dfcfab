//! The one connection that appends.

use std::io;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::timeout;

use super::append::Outcome;
use super::batch::{self, Attempted};
use crate::error::is_disconnect;
use crate::kill_points::kill_point;

/// How long the server may take to open a session.
const CONNECT_MS_MAX: u64 = 10_000;
/// How long the server may take to answer. Its own bounds are tighter, so that it is the network that is silent.
const ANSWER_MS_MAX: u64 = 60_000;

/// Connected, or about to be.
pub(super) struct Lane {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

/// Why a batch has no outcome.
#[derive(Debug)]
pub(super) enum Trouble {
    /// There is no connection. Nothing was sent.
    Unreachable(sqlx::Error),
    /// The connection was lost on the way: it may have happened or not, or may still happen.
    Lost(sqlx::Error),
    /// A foreign transaction wrote to one of the streams and has ended since. Nothing happened.
    Collided(sqlx::Error),
    /// A foreign transaction wrote to one of the streams and stays open. Nothing happened.
    Blocked(sqlx::Error),
    /// One of the appends cannot be stored. Nothing happened.
    Spoiled(sqlx::Error),
    /// The database refused all of it, and would refuse each. Nothing happened.
    Refused(sqlx::Error),
}

impl Lane {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        Self { options, connection: None }
    }

    pub(super) async fn append(
        &mut self,
        batch: &[Attempted<'_>],
    ) -> Result<Vec<Outcome>, Trouble> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let connected = within(CONNECT_MS_MAX, self.options.connect()).await;
                connected.map_err(Trouble::Unreachable)?
            }
        };
        kill_point("postgres-before-append");
        let result = within(ANSWER_MS_MAX, batch::append(&mut connection, batch)).await;
        kill_point("postgres-after-append");
        match result {
            Ok(outcomes) => {
                self.connection = Some(connection);
                Ok(outcomes)
            }
            Err(error) => {
                let trouble = Trouble::of(error);
                if !matches!(trouble, Trouble::Lost(_)) {
                    self.connection = Some(connection);
                }
                Err(trouble)
            }
        }
    }

    pub(super) async fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            // What was to be appended has been answered; how the connection ends matters to nobody.
            let _ = connection.close().await;
        }
    }
}

impl Trouble {
    fn of(error: sqlx::Error) -> Self {
        if is_disconnect(&error) {
            return Self::Lost(error);
        }
        let sqlx::Error::Database(told) = &error else {
            // What is neither the server's answer nor a broken connection leaves open what has happened.
            return Self::Lost(error);
        };
        match told.code().as_deref() {
            // A unique violation, a deadlock, a serialization failure.
            Some("23505" | "40P01" | "40001") => Self::Collided(error),
            Some("55P03") if !waited_for_the_head(&error) => Self::Blocked(error),
            // Classes of what is wrong with a value, a constraint, or a size.
            Some(code) if ["22", "23", "54"].iter().any(|class| code.starts_with(class)) => {
                Self::Spoiled(error)
            }
            _ => Self::Refused(error),
        }
    }

    pub(super) fn into_error(self) -> sqlx::Error {
        match self {
            Self::Unreachable(error)
            | Self::Lost(error)
            | Self::Collided(error)
            | Self::Blocked(error)
            | Self::Spoiled(error)
            | Self::Refused(error) => error,
        }
    }
}

/// Whether it was the turn to append that did not come, and no stream that was held.
fn waited_for_the_head(error: &sqlx::Error) -> bool {
    let told = error.as_database_error();
    let told = told.and_then(|told| told.try_downcast_ref::<sqlx::postgres::PgDatabaseError>());
    told.and_then(|told| told.r#where()).is_some_and(|place| place.contains("\"log_head\""))
}

async fn within<T>(
    ms: u64,
    call: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let silent = |_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()));
    timeout(Duration::from_millis(ms), call).await.unwrap_or_else(silent)
}
