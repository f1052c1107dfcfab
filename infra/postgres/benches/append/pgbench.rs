//! The floor: PostgreSQL's own benchmark, with one prepared INSERT per transaction.

use std::fs;
use std::process::{Command, Stdio};

use crate::{Rate, motors};

/// Where Debian puts it; elsewhere it is in the PATH.
const DEBIAN: &str = "/usr/lib/postgresql/15/bin/pgbench";

/// `None` where there is no pgbench.
pub(crate) async fn run(url: &str, writers: usize, seconds: u64) -> Option<Rate> {
    let script = std::env::temp_dir().join(format!("{}.sql", services::fresh_name("insert")));
    let data = motors::event().data;
    let insert = format!(
        "INSERT INTO events VALUES ('motor', gen_random_uuid()::text, 1, 'registered', '1',
         '{{\"data\":{data},\"type\":\"registered\"}}', '{{\"actor\":\"a test\"}}');"
    );
    // Variables of pgbench begin with a colon, but not before a quote or a number.
    fs::write(&script, insert.replace('\n', " ")).unwrap();
    let program = if fs::exists(DEBIAN).unwrap_or(false) { DEBIAN } else { "pgbench" };
    let mut command = Command::new(program);
    command.args(["-n", "-M", "prepared", "-j", "2", "-c"]).arg(writers.to_string());
    command.arg("-T").arg(seconds.to_string()).arg("-f").arg(&script).arg(url);
    command.stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    fs::remove_file(script).unwrap();
    let told = String::from_utf8(output.ok()?.stdout).unwrap();
    let number = |label: &str| -> f64 {
        let line = told.lines().find_map(|line| line.strip_prefix(label)).expect(&told);
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    let commands = number("number of transactions actually processed: ");
    Some(Rate { commands: commands as u64, seconds: commands / number("tps = ") })
}
