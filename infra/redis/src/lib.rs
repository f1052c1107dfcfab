//! A cache in front of documents, and what processes share about their clients, in Redis.
//!
//! ```text
//! <prefix>motors.3:<epoch>:<key>     an entry: position and document, or a reader's lease
//! <prefix>quota:<client>             until when the client's requests are paid for
//! ```
//!
//! The store stays the truth. A commit goes documents → entries → progress; readers learn the epoch with the progress.
//! So a read never shows a state before the progress that its reader has seen, whether Redis answers, is away, was
//! emptied, or answers some and not others. `docs/adr/0021-documents-in-mongodb-behind-a-cache-that-is-never-old.md`
//! tells why.
//!
//! Kill points, for tests that stop the process (with the feature `failpoints`): `cache-before-put` after the
//! documents, `cache-before-progress` after the entries, and `cache-after-progress`.

mod cached;
mod counts;
mod entries;
mod entry;
mod epoch;
mod error;
mod kill_points;
mod link;
mod quotas;
mod settings;

pub use cached::CachedReadModels;
pub use counts::CacheCounts;
pub use error::OpenError;
pub use quotas::SharedQuotas;
pub use settings::CacheSettings;
