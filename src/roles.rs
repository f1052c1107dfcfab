//! What a process can be, and what each role starts.

mod led;
mod reconciling;
mod start;

use std::fmt;
use std::str::FromStr;

pub use start::{RoleSettings, Started, start};

/// What a process is; by default it is all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes commands and samples over HTTP: the door for devices.
    Ams,
    /// Answers queries over HTTP, takes commands as well, and serves the dashboard: the door for people.
    Api,
    /// Hands the log on to where others read it.
    Relay,
    /// Builds the read models.
    Projections,
    /// Makes variants of pictures.
    Images,
    /// Judges vibration.
    Vibration,
    /// Tells those who asked how image tasks ended: the only one that calls others.
    Webhooks,
}

impl Role {
    /// All of them: one process.
    pub const ALL: [Self; 7] = [
        Self::Ams,
        Self::Api,
        Self::Relay,
        Self::Projections,
        Self::Images,
        Self::Vibration,
        Self::Webhooks,
    ];

    /// As `--roles` takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ams => "ams",
            Self::Api => "api",
            Self::Relay => "relay",
            Self::Projections => "projections",
            Self::Images => "images",
            Self::Vibration => "vibration",
            Self::Webhooks => "webhooks",
        }
    }
}

/// There is no such role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no role {0:?}; there are ams, api, relay, projections, images, vibration and webhooks"
)]
pub struct NoRole(String);

impl FromStr for Role {
    type Err = NoRole;

    fn from_str(text: &str) -> Result<Self, NoRole> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| NoRole(text.to_owned()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
