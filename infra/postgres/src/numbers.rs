//! Counts as PostgreSQL holds them: signed, of 64 bits.

/// What is beyond `bigint` is beyond every row.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column that is never negative.
pub(crate) fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A number of rows, held within `max`.
pub(crate) fn limit(rows: usize, max: usize) -> i64 {
    i64::try_from(rows.min(max)).unwrap_or(i64::MAX)
}
