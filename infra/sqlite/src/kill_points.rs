//! Named places at which a test can stop the process.

/// The kill points of one database file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KillPoints {
    pub(crate) database: &'static str,
    pub(crate) mid_batch: &'static str,
    pub(crate) before_commit: &'static str,
    pub(crate) after_commit: &'static str,
}

pub(crate) const LOG: KillPoints = KillPoints {
    database: "log",
    mid_batch: "log-mid-batch",
    before_commit: "log-before-commit",
    after_commit: "log-after-commit",
};

pub(crate) const DOCUMENTS: KillPoints = KillPoints {
    database: "documents",
    mid_batch: "documents-mid-batch",
    before_commit: "documents-before-commit",
    after_commit: "documents-after-commit",
};

pub(crate) const SAMPLES: KillPoints = KillPoints {
    database: "samples",
    mid_batch: "samples-mid-batch",
    before_commit: "samples-before-commit",
    after_commit: "samples-after-commit",
};

/// Does nothing unless the feature `failpoints` is on and the point is set.
pub(crate) fn kill_point(_name: &'static str) {
    fail::fail_point!(_name);
}
