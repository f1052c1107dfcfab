//! What a process has used of the processors.

use std::fs;

/// Of Linux, wherever it runs: `USER_HZ`.
const TICKS_PER_SECOND: f64 = 100.0;
/// Where user and system time stand behind the name of the program, which may hold spaces.
const USER_TICKS: usize = 11;

/// User and system time of the process and all its threads so far, in seconds.
pub(crate) fn seconds_of(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let (_, fields) = stat.rsplit_once(')').expect("the name is in brackets");
    let ticks: Vec<u64> = fields
        .split_whitespace()
        .skip(USER_TICKS)
        .take(2)
        .filter_map(|it| it.parse().ok())
        .collect();
    ticks.iter().sum::<u64>() as f64 / TICKS_PER_SECOND
}
