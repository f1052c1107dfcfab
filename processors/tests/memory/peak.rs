//! The resident memory of this process, as Linux tells it.

use std::fs;

/// Forgets the peak so far.
pub(crate) fn begin() {
    // Linux: 5 resets the peak to what is resident. Where it cannot be reset, the peak only seems higher.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The most that was resident since the beginning; none where the system does not tell.
pub(crate) fn bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

pub(crate) const fn megabytes(bytes: u64) -> u64 {
    bytes >> 20
}
