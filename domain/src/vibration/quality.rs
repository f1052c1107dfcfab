//! What a reader of a result should know of its samples, as a list of flags.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that a reader of a result should know about its samples.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The signal stands at a rail of the sensor: what lies beyond is unknown. Bad.
    Clipped,
    /// The sensor says the same for half of the window or longer. Bad.
    FlatLine,
    /// A sample is no finite number. Bad.
    NonFinite,
    /// Single samples far outside their neighbours. Persistence in the alarm, not distrust, deals
    /// with them: at a low sample rate a true impact looks the same.
    Spike,
    /// Samples are missing before this window.
    GapBefore,
    /// The stream jumped back in time before this window.
    OverlapBefore,
    /// The sample rate changed before this window.
    RateChanged,
    /// The unit changed before this window.
    UnitChanged,
    /// The sensor's clock slipped by up to two samples within this window.
    Reanchored,
    /// The speed changed by more than 2 % within this window, so that its lines are smeared.
    SpeedDrift,
}

impl Flag {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clipped => "clipped",
            Self::FlatLine => "flat_line",
            Self::NonFinite => "non_finite",
            Self::Spike => "spike",
            Self::GapBefore => "gap_before",
            Self::OverlapBefore => "overlap_before",
            Self::RateChanged => "rate_changed",
            Self::UnitChanged => "unit_changed",
            Self::Reanchored => "reanchored",
            Self::SpeedDrift => "speed_drift",
        }
    }
}

/// The flags of a window or of a result. On the wire a list of names in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Quality(BTreeSet<Flag>);

impl Quality {
    /// Adds a flag.
    pub fn insert(&mut self, flag: Flag) {
        self.0.insert(flag);
    }

    /// Adds all flags of another.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    /// Whether the flag is there.
    pub fn contains(&self, flag: Flag) -> bool {
        self.0.contains(&flag)
    }

    /// Whether there is no flag.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The flags, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Flag> + '_ {
        self.0.iter().copied()
    }

    /// Whether the values mean too little to raise or to clear an alarm.
    pub fn is_bad(&self) -> bool {
        [Flag::Clipped, Flag::FlatLine, Flag::NonFinite].iter().any(|flag| self.0.contains(flag))
    }
}

impl FromIterator<Flag> for Quality {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        Self(flags.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_a_list_of_names_on_the_wire() {
        let quality = Quality::from_iter([Flag::GapBefore, Flag::FlatLine]);
        let json = serde_json::to_string(&quality).unwrap();
        assert_eq!(json, r#"["flat_line","gap_before"]"#);
        assert!(quality.is_bad());
        assert!(!Quality::from_iter([Flag::Spike, Flag::GapBefore]).is_bad());
    }
}
