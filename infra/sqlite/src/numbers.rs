//! Numbers as `SQLite` holds them: 64 bits with a sign.

/// The highest number stands for all that lie beyond it; nothing is ever stored there.
pub(crate) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// For `LIMIT`.
pub(crate) fn limit(rows_max: usize) -> i64 {
    i64::try_from(rows_max).unwrap_or(i64::MAX)
}
