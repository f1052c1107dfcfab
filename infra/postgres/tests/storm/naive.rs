//! The cursor that suggests itself and skips events: an identity column, and `position > last`.

use sqlx::{Connection, Executor, PgConnection, PgPool};

use crate::readers::{Cursor, Seen};
use crate::writers::Random;

const TABLE: &str = "CREATE TABLE naive (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream bigint NOT NULL, version bigint NOT NULL)";
const AFTER: &str =
    "SELECT position, stream, version FROM naive WHERE position > $1 ORDER BY position LIMIT 700";

pub(crate) struct Naive {
    pub(crate) pool: PgPool,
}

impl Naive {
    pub(crate) async fn new(pool: PgPool) -> Self {
        pool.execute(TABLE).await.expect("the database is new");
        Self { pool }
    }
}

impl Cursor for Naive {
    async fn after(&self, position: u64) -> Vec<Seen> {
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(AFTER)
            .bind(position.cast_signed())
            .fetch_all(&self.pool)
            .await
            .expect("the table can be read");
        let seen = |(position, stream, version): (i64, i64, i64)| Seen {
            position: position.cast_unsigned(),
            stream: stream.to_string(),
            version: version.cast_unsigned(),
        };
        rows.into_iter().map(seen).collect()
    }

    async fn wait(&self, _: u64) {
        tokio::task::yield_now().await;
    }
}

/// Writes `events` to a stream of its own, each in a transaction that stays open for up to 3 ms.
pub(crate) async fn write(mut connection: PgConnection, stream: u64, events: u64) {
    let mut random = Random::new(stream);
    let mut version = 0;
    while version < events {
        let mut open = connection.begin().await.expect("a transaction");
        let insert = "INSERT INTO naive (stream, version) VALUES ($1, $2)";
        let values = sqlx::query(insert).bind(stream.cast_signed()).bind(version as i64 + 1);
        values.execute(&mut *open).await.expect("the row is new");
        let pause = sqlx::query("SELECT pg_sleep($1)").bind(random.below(4) as f64 / 1e3);
        pause.execute(&mut *open).await.expect("a pause");
        if random.below(100) < 15 {
            open.rollback().await.expect("a roll-back");
        } else {
            open.commit().await.expect("a commit");
            version += 1;
        }
    }
}
