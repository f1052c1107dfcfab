//! The bounds of the write side.

use serde::{Deserialize, Serialize};

/// How much of everything at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How often one command is decided while others keep changing its aggregate.
    pub decide_attempts_max: u32,
    /// How many commands are handled or wait for their aggregate at a time; more are refused.
    pub commands_in_flight_max: usize,
    /// How many aggregates of each category are kept folded in memory.
    pub aggregates_cached_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            decide_attempts_max: 5,
            commands_in_flight_max: 1_024,
            aggregates_cached_max: 10_000,
        }
    }
}
