//! The read models over MongoDB, or over a server that speaks its wire protocol.
//!
//! ```text
//! <prefix>motors_v3       the documents of generation 3 of the projection `motors`
//! <prefix>progress        how far each generation has come: {_id: "motors_v3", position, checkpoint}
//! <prefix>generations     which generation readers see: {_id: "motors", live, previous, newest}
//! ```
//!
//! Nothing here needs transactions, sessions or pipelines in updates: a document, a progress and a promotion are
//! one stored document each, changed by one guarded update, and repeating any of them is harmless.
//!
//! Kill points, for tests that stop the process (with the feature `failpoints`): `mongo-mid-batch` after each
//! command within a commit, `mongo-before-progress` and `mongo-after-progress` around the progress.

mod documents;
mod error;
mod kill_points;
mod settings;

pub use documents::MongoDocuments;
pub use error::OpenError;
pub use settings::MongoSettings;
