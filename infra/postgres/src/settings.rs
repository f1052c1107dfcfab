//! Where the database is, and how much may be asked of it.

use std::fmt;

/// The database and the bounds of what is asked of it.
#[derive(Clone)]
pub struct Settings {
    /// `postgres://user:password@host:port/database`
    pub url: String,
    /// What the connections are called in `pg_stat_activity`.
    pub application_name: String,
    /// How many connections the stores share for all but appends, which have one of their own.
    pub connections_max: u32,
    /// How long a call waits for a free connection.
    pub acquire_ms_max: u64,
    /// How long one statement may run.
    pub statement_ms_max: u64,
    /// How long one statement may wait for a lock.
    pub lock_wait_ms_max: u64,
    /// How many appends may wait; whoever comes later waits to be let in.
    pub append_queue_max: usize,
    /// For how many days a repeated command gets its first answer.
    pub command_records_days_max: u32,
}

impl Settings {
    /// The database at `url`, with the default bounds.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            application_name: "atalaya".to_owned(),
            connections_max: 10,
            acquire_ms_max: 10_000,
            statement_ms_max: 30_000,
            lock_wait_ms_max: 10_000,
            append_queue_max: 1_024,
            command_records_days_max: 7,
        }
    }
}

/// Says all but the URL, which may hold a password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("application_name", &self.application_name)
            .field("connections_max", &self.connections_max)
            .field("acquire_ms_max", &self.acquire_ms_max)
            .field("statement_ms_max", &self.statement_ms_max)
            .field("lock_wait_ms_max", &self.lock_wait_ms_max)
            .field("append_queue_max", &self.append_queue_max)
            .field("command_records_days_max", &self.command_records_days_max)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_said() {
        let settings = Settings::new("postgres://atalaya:secret@127.0.0.1/atalaya");
        assert!(!format!("{settings:?}").contains("secret"));
    }
}
