//! Where in a pass the reconciler is, as it is kept across restarts.

use ports::stream::GlobalPosition;
use serde::{Deserialize, Serialize};

use super::differences::Seen;

/// A place in a pass.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Place {
    /// The pass under way; they count from 0.
    pub(super) pass: u64,
    /// Where the pass is going: the head of the log when it began.
    pub(super) target: GlobalPosition,
    pub(super) stage: Stage,
    /// How many passes have ended, and up to which position the last of them compared.
    pub(super) passes: u64,
    pub(super) passed: GlobalPosition,
    /// How often the place was saved.
    pub(super) saves: u64,
    /// What differed; only while it is being saved or read.
    pub(super) known: Vec<Seen>,
}

/// What is being compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// Nothing yet: the pass begins.
    #[default]
    Begin,
    /// The log was compared up to here.
    Log { after: GlobalPosition },
    /// The documents of the model with this number, in the order of the list, up to this key.
    Documents { model: usize, generation: u64, after_key: Option<String> },
}

impl Stage {
    /// The first of a model's documents.
    pub(super) const fn documents(model: usize) -> Self {
        Self::Documents { model, generation: 0, after_key: None }
    }
}

impl Place {
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).expect("a place is plain data")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let stage = Stage::Documents { model: 2, generation: 3, after_key: Some("k".to_owned()) };
        let place = Place { pass: 7, stage: stage.clone(), ..Place::default() };
        let read = Place::read(&place.written()).unwrap();
        assert_eq!((read.pass, read.stage), (7, stage));
    }

    #[test]
    fn what_another_release_wrote_is_no_place() {
        assert!(Place::read("{}").is_none() && Place::read("7").is_none());
    }
}
