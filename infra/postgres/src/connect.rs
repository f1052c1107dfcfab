//! Connections: what they are allowed, and what happens when one is found broken.

use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool, Postgres};

use crate::error::is_disconnect;
use crate::settings::Settings;

/// How long a transaction may hold its locks while its client does nothing.
const IDLE_IN_TRANSACTION_MS_MAX: u64 = 30_000;

pub(crate) fn options(settings: &Settings) -> Result<PgConnectOptions, sqlx::Error> {
    let bounds = [
        ("statement_timeout", settings.statement_ms_max),
        ("lock_timeout", settings.lock_wait_ms_max),
        ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_MS_MAX),
    ];
    let options = PgConnectOptions::from_str(&settings.url)?
        .application_name(&settings.application_name)
        .options(bounds)
        // All statements are short, and compiling one would take longer than running it.
        .options([("jit", "off")]);
    Ok(options)
}

pub(crate) fn pool(settings: &Settings) -> Result<PgPool, sqlx::Error> {
    let options = options(settings)?;
    let pool = PgPoolOptions::new()
        .max_connections(settings.connections_max)
        .acquire_timeout(Duration::from_millis(settings.acquire_ms_max))
        // A ping before every statement would double the round trips; see `retrying`.
        .test_before_acquire(false)
        .connect_lazy_with(options);
    Ok(pool)
}

/// Reads again when the connection turns out to be broken.
///
/// A server that was restarted leaves every pooled connection broken, and each attempt meets one of them, so there
/// are as many attempts as connections, and one. Only for what may be done twice.
pub(crate) async fn retrying<T, F>(
    pool: &PgPool,
    mut read: impl FnMut() -> F,
) -> Result<T, sqlx::Error>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    for _ in 0..pool.options().get_max_connections() {
        match read().await {
            Err(error) if is_disconnect(&error) => {}
            end => return end,
        }
    }
    read().await
}

/// A connection that answered a moment ago: for what is not to be done twice.
pub(crate) async fn alive(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    let answering = || async {
        let mut connection = pool.acquire().await?;
        connection.ping().await?;
        Ok(connection)
    };
    retrying(pool, answering).await
}
