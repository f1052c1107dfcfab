//! What differs, until a whole pass has not found it any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use infra_telemetry::Metrics;
use ports::stream::GlobalPosition;
use projections::ProjectionKind;
use serde::{Deserialize, Serialize};
use tracing::{error, info, warn};

use super::{compare, topic};

/// So many differences are known at a time. Who has more of them needs no longer list.
pub const KNOWN_MAX: usize = 1_000;
/// So many of a pass are logged one by one.
const LOGGED_MAX: u64 = 20;

/// How what was made of the log differs from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The log has it, and it is not there.
    Missing,
    /// It is there and says something else than the log.
    Differs,
    /// It lacks an event that its model says it holds.
    Behind,
    /// It is there, and no event of the log led to it.
    Unwritten,
}

impl DifferenceKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Missing, Self::Differs, Self::Behind, Self::Unwritten];

    /// As a label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Differs => "differs",
            Self::Behind => "behind",
            Self::Unwritten => "unwritten",
        }
    }
}

impl fmt::Display for DifferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something that differs from the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Difference {
    /// The read model, `topic` or `log`.
    pub model: String,
    /// How it differs.
    pub kind: DifferenceKind,
    /// Which document; of a record or an event its id.
    pub key: String,
}

impl Difference {
    pub(super) fn new(model: &str, kind: DifferenceKind, key: impl Into<String>) -> Self {
        Self { model: model.to_owned(), kind, key: key.into() }
    }
}

/// A difference, and the last pass that found it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    difference: Difference,
    pass: u64,
}

/// All differences.
pub(super) struct Known {
    metrics: Arc<Metrics>,
    models: BTreeSet<String>,
    /// By the last pass that found them.
    by_pass: BTreeMap<Difference, u64>,
    has_news: bool,
    logged: u64,
}

impl Known {
    pub(super) fn new(
        kinds: &[Arc<dyn ProjectionKind>],
        has_topic: bool,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mut models: BTreeSet<String> =
            kinds.iter().map(|kind| kind.name().to_owned()).collect();
        models.insert(compare::LOG.to_owned());
        models.extend(has_topic.then(|| topic::TOPIC.to_owned()));
        let known = Self { metrics, models, by_pass: BTreeMap::new(), has_news: false, logged: 0 };
        known.count();
        known
    }

    /// Goes on with what was known before a restart.
    pub(super) fn resume(&mut self, seen: Vec<Seen>) {
        self.by_pass = seen.into_iter().map(|seen| (seen.difference, seen.pass)).collect();
        self.count();
    }

    /// `pass` has found these.
    pub(super) fn note(&mut self, found: Vec<Difference>, pass: u64) {
        for difference in found {
            let is_known = self.by_pass.contains_key(&difference);
            if !is_known && self.by_pass.len() >= KNOWN_MAX {
                continue;
            }
            if !is_known {
                self.has_news = true;
                self.log(&difference);
            }
            self.by_pass.insert(difference, pass);
        }
        self.count();
    }

    /// `pass` has looked at everything: what it did not find is no more.
    pub(super) fn pass_ended(&mut self, pass: u64, position: GlobalPosition) {
        let before = self.by_pass.len();
        self.by_pass.retain(|_, seen| *seen >= pass);
        let (left, gone) = (self.by_pass.len(), before - self.by_pass.len());
        self.has_news |= gone > 0;
        self.logged = 0;
        self.count();
        if left > 0 {
            warn!(pass, %position, differences = left, gone, "a pass ended: not all is as the log says");
        } else if gone > 0 {
            info!(pass, %position, gone, "a pass ended: all is as the log says again");
        }
    }

    /// Whether something was found, or is no more, since the last call.
    pub(super) const fn take_news(&mut self) -> bool {
        std::mem::replace(&mut self.has_news, false)
    }

    pub(super) fn all(&self) -> Vec<Difference> {
        self.by_pass.keys().cloned().collect()
    }

    pub(super) fn to_save(&self) -> Vec<Seen> {
        let seen = |(difference, pass): (&Difference, &u64)| Seen {
            difference: difference.clone(),
            pass: *pass,
        };
        self.by_pass.iter().map(seen).collect()
    }

    fn log(&mut self, difference: &Difference) {
        self.logged += 1;
        let Difference { model, kind, key } = difference;
        if self.logged <= LOGGED_MAX {
            error!(model, %kind, key, "found what is not as the log says");
        } else if self.logged == LOGGED_MAX + 1 {
            error!("found more that is not as the log says; the rest of this pass is only counted");
        }
    }

    fn count(&self) {
        for model in &self.models {
            for kind in DifferenceKind::ALL {
                let is_one = |found: &&Difference| found.model == *model && found.kind == kind;
                let count = self.by_pass.keys().filter(is_one).count() as u64;
                self.metrics.reconciler_differences(model, kind.name(), count);
            }
        }
    }
}
