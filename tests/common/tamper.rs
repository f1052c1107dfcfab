//! What only a broken disk or a wrong hand does to the log, done with another program while the server is down.

use std::path::Path;
use std::process::Command;

/// Appends to the stream of a motor an event that nobody can read, and a sound one behind it.
const POISON: &str = r#"
import sqlite3, sys
log = sqlite3.connect(sys.argv[1], isolation_level=None)
for motor in sys.argv[2:]:
    stream = bytes.fromhex(motor.replace("-", ""))
    for kind, data in (("revised", '{"name": 7}'), ("relocated", '{"location": "behind"}')):
        log.execute(
            """INSERT INTO events (category, stream_id, version, event_type, schema_version, recorded_at_us, metadata, data)
               SELECT category, stream_id, version + 1, ?, schema_version, recorded_at_us, metadata, ?
               FROM events WHERE category = 'motor' AND stream_id = ? ORDER BY version DESC LIMIT 1""",
            (kind, data, stream),
        )
"#;

/// Puts in its place what should have been there, also where it was parked: the nameplate, as it was registered.
const HEAL: &str = r#"
import json, sqlite3, sys
log = sqlite3.connect(sys.argv[1], isolation_level=None)
log.execute("BEGIN IMMEDIATE")
[guard] = log.execute("SELECT sql FROM sqlite_schema WHERE name = 'events_are_never_changed'").fetchone()
log.execute("DROP TRIGGER events_are_never_changed")
for motor in sys.argv[2:]:
    stream = bytes.fromhex(motor.replace("-", ""))
    [sound] = log.execute(
        "SELECT data FROM events WHERE stream_id = ? AND event_type = 'registered'", (stream,)
    ).fetchone()
    healed = log.execute(
        "UPDATE events SET data = ? WHERE stream_id = ? AND data = '{\"name\": 7}'", (sound, stream)
    ).rowcount
    assert healed == 1, healed
    letters = log.execute("SELECT id, event FROM dead_letters WHERE stream_id = ?", (stream,)).fetchall()
    for letter, event in letters:
        event = json.loads(event)
        if event["data"] == {"name": 7}:
            event["data"] = json.loads(sound)
            log.execute("UPDATE dead_letters SET event = ? WHERE id = ?", (json.dumps(event), letter))
log.execute(guard)
log.execute("COMMIT")
"#;

/// Breaks the newest event of a motor: what is left of it is no JSON.
const BREAK: &str = r#"
import sqlite3, sys
log = sqlite3.connect(sys.argv[1], isolation_level=None)
log.execute("BEGIN IMMEDIATE")
[guard] = log.execute("SELECT sql FROM sqlite_schema WHERE name = 'events_are_never_changed'").fetchone()
log.execute("DROP TRIGGER events_are_never_changed")
stream = bytes.fromhex(sys.argv[2].replace("-", ""))
log.execute(
    """UPDATE events SET data = substr(data, 1, 5) WHERE position =
       (SELECT max(position) FROM events WHERE category = 'motor' AND stream_id = ?)""",
    (stream,),
)
log.execute(guard)
log.execute("COMMIT")
"#;

pub(crate) fn poison(data_dir: &Path, motors: &[String]) {
    run(POISON, data_dir, motors);
}

pub(crate) fn heal(data_dir: &Path, motors: &[String]) {
    run(HEAL, data_dir, motors);
}

pub(crate) fn break_newest(data_dir: &Path, motor: &str) {
    run(BREAK, data_dir, &[motor.to_owned()]);
}

fn run(script: &str, data_dir: &Path, arguments: &[String]) {
    let mut python = Command::new("python3");
    python.args(["-c", script]).arg(data_dir.join("log.db")).args(arguments);
    let output = python.output().expect("python3 can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
