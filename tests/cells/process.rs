//! What the system tells of processes: Linux has it below `/proc`.

use std::fs;

/// Those that `parent` has started and that have not ended.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("the system tells of its processes");
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| alive(*pid).is_some_and(|of| of == parent)).collect()
}

/// Who has started it, unless it has ended.
pub(crate) fn alive(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets, and may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.next()?.parse().ok()
}

/// How long it has worked, in hundredths of a second: what the kernel calls ticks.
pub(crate) fn worked_ticks(pid: u32) -> u64 {
    const USER_FIELD: usize = 11;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    after_name.split_whitespace().nth(USER_FIELD).and_then(|ticks| ticks.parse().ok()).unwrap_or(0)
}

/// The memory of a process; what it shares with others counts by its share.
pub(crate) fn resident_bytes(pid: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kilobytes.map_or(0, |kilobytes: u64| kilobytes << 10)
}
