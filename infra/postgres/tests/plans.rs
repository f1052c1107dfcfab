//! How the database finds what is asked for.

#[path = "common.rs"]
mod common;

use common::Database;
use sqlx::Executor;

const READ_LOG: &str = include_str!("../sql/log/read_log.sql");

/// As much as one read looks at, of two types that take turns.
const FILL: &str = "
    ALTER TABLE events SET (autovacuum_enabled = false);
    INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position)
    SELECT CASE n % 5 WHEN 0 THEN 'image' ELSE 'motor' END, n % 400, n, 'happened', '1', '{}', '{}', n
    FROM generate_series(1, 20000) AS n;
    UPDATE log_head SET position = 20000";

/// The server looks at a table for the first time a minute after it was filled; a rebuild may come before.
#[tokio::test]
async fn a_page_of_one_type_is_found_by_position_also_before_the_table_is_analysed() {
    let Some(database) = Database::fresh().await else { return };
    let mut stranger = database.stranger().await;
    stranger.execute(FILL).await.expect("it is ours to fill");
    let explained = format!("EXPLAIN {READ_LOG}");
    let plan = sqlx::query_scalar::<_, String>(&explained)
        .bind(10_000_i64)
        .bind(30_000_i64)
        .bind(vec!["motor"])
        .bind(false)
        .bind(None::<&str>)
        .bind(5_000_i64)
        .bind(16_777_216_i64);
    let plan = plan.fetch_all(&mut stranger).await.expect("it can be explained").join("\n");
    assert!(plan.contains("events_by_position"), "{plan}");
    assert!(!plan.contains("events_pkey"), "it would read all events of the type:\n{plan}");
}
