//! What the log says of the image tasks, asked with PostgreSQL's own tool.

use crate::common::cluster::Installation;
use crate::truth::{number, psql};

/// What happened to a stream, and who did it.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) subject: String,
    /// `completed`
    pub(crate) kind: String,
    /// Empty, if nobody is named.
    pub(crate) actor: String,
}

/// What happened to the streams of a category, by position.
pub(crate) fn deeds(installation: &Installation, category: &str) -> Vec<Deed> {
    let query = format!(
        "SELECT aggregate_id, event_type, COALESCE(metadata->>'actor', '') FROM events \
         WHERE aggregate_type = '{category}' ORDER BY position"
    );
    let deed = |row: &str| {
        let mut fields = row.split('\t').map(str::to_owned);
        let mut next = || fields.next().unwrap_or_else(|| panic!("a row of the log is {row}"));
        Deed { subject: next(), kind: next(), actor: next() }
    };
    psql(installation, &query).lines().map(deed).collect()
}

/// How many image tasks are completed.
pub(crate) fn completed(installation: &Installation) -> usize {
    let query = "SELECT count(*) FROM events WHERE event_type = 'completed'";
    usize::try_from(number(&psql(installation, query))).expect("a count is small")
}
