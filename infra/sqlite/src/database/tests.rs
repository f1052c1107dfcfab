//! Files from earlier and later releases, and from elsewhere.

use std::fs;

use super::*;

const FIRST: &str = "CREATE TABLE motors (id INTEGER PRIMARY KEY); INSERT INTO motors VALUES (7);";
const SECOND: &str = "ALTER TABLE motors ADD COLUMN name TEXT NOT NULL DEFAULT 'unnamed';";
const BROKEN: &str = "CREATE TABLE half (id INTEGER); SELECT nonsense;";

fn schema(migrations: &'static [&'static str]) -> Schema {
    Schema {
        file_name: "motors.db",
        application_id: 77,
        migrations,
        kill_points: crate::kill_points::LOG,
    }
}

fn name_of_seven(connection: &Connection) -> String {
    connection.query_row("SELECT name FROM motors WHERE id = 7", [], |row| row.get(0)).unwrap()
}

#[test]
fn an_older_file_is_brought_to_the_newest_schema() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("motors.db");
    drop(open_to_write(&file, &schema(&[FIRST])).unwrap());
    for _ in 0..2 {
        let connection = open_to_write(&file, &schema(&[FIRST, SECOND])).unwrap();
        assert_eq!(name_of_seven(&connection), "unnamed");
        assert_eq!(number(&connection, "PRAGMA user_version").unwrap(), 2);
    }
}

#[test]
fn a_migration_that_fails_leaves_the_file_as_it_was() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("motors.db");
    drop(open_to_write(&file, &schema(&[FIRST])).unwrap());
    let refusal = open_to_write(&file, &schema(&[FIRST, BROKEN])).unwrap_err();
    assert!(matches!(refusal, OpenError::Database { .. }), "{refusal}");
    let connection = open_to_write(&file, &schema(&[FIRST])).unwrap();
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'half'";
    assert_eq!(number(&connection, tables).unwrap(), 0);
}

#[test]
fn a_file_of_a_later_release_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("motors.db");
    drop(open_to_write(&file, &schema(&[FIRST, SECOND])).unwrap());
    let refusal = open_to_write(&file, &schema(&[FIRST])).unwrap_err().to_string();
    assert!(refusal.contains("motors.db"), "{refusal}");
    assert!(refusal.contains("schema version 2"), "{refusal}");
}

#[test]
fn a_file_of_another_program_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("motors.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    let refusal = open_to_write(&file, &schema(&[FIRST])).unwrap_err();
    assert!(matches!(refusal, OpenError::Foreign { .. }), "{refusal}");
    fs::write(&file, "no database at all, and long enough that it cannot be taken for one")
        .unwrap();
    let refusal = open_to_write(&file, &schema(&[FIRST])).unwrap_err();
    assert!(matches!(refusal, OpenError::Database { .. }), "{refusal}");
}
