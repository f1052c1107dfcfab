//! One suite per port: a function per clause, a macro per suite. Every adapter passes it.
//!
//! The macro makes one test per clause, each with a fresh adapter of its own. A second part of the macro says which
//! part of what was made is the port, where something else must be held as long:
//!
//! ```text
//! mod blobs { ports::contract::blobs!(fresh_blobs().await); }
//! mod event_store { ports::contract::event_store!(fresh_folder().await, |folder| &folder.log); }
//! ```
//!
//! Every clause uses new ids and names, so that adapters over one shared service pass too; where a suite needs
//! more than that, its first lines say so. The tests run on two threads, and racing calls on threads of their own.
#![allow(missing_docs, reason = "the name of a clause is the sentence that it checks")]
#![allow(clippy::unwrap_used, reason = "a clause is a test")]

pub mod blobs;
pub mod callbacks;
pub mod checkpoints;
pub mod dead_letters;
pub mod event_log;
pub mod event_store;
pub mod leadership;
pub mod quotas;
pub mod read_models;
pub mod readings;
pub mod renditions;
pub mod samples;
pub mod work_queue;

use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::block_in_place;
use tokio::time::timeout;
use uuid::Uuid;

pub use crate::blobs_contract as blobs;
pub use crate::callbacks_contract as callbacks;
pub use crate::checkpoints_contract as checkpoints;
pub use crate::dead_letters_contract as dead_letters;
pub use crate::event_store_contract as event_store;
pub use crate::leadership_contract as leadership;
pub use crate::quotas_contract as quotas;
pub use crate::read_models_contract as read_models;
pub use crate::readings_contract as readings;
pub use crate::renditions_contract as renditions;
pub use crate::samples_contract as samples;
pub use crate::work_queue_contract as work_queue;

/// How long anything may take that must happen: a clause that waits in vain fails instead of hanging.
const WAIT_S_MAX: u64 = 60;

/// Makes one test per clause of `suite`.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_clauses {
    ($suite:ident $subject:tt $($clause:ident,)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $clause() {
            $crate::contract_clause!($subject $crate::contract::$suite::$clause);
        })+
    };
}

/// Runs one clause on a fresh subject.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_clause {
    (($new:expr) $clause:path) => {
        let subject = $new;
        $clause(&subject).await;
    };
    (($new:expr, |$made:ident| $port:expr) $clause:path) => {
        let made = $new;
        let $made = &made;
        $clause($port).await;
    };
}

/// An id that nobody else has.
#[expect(clippy::disallowed_methods, reason = "tests that share a service must not meet")]
fn fresh_id() -> Uuid {
    Uuid::now_v7()
}

/// A name that nobody else has, in lower-case letters and `_`.
fn fresh_name() -> String {
    let letter = |nibble: char| char::from(b'a' + nibble.to_digit(16).unwrap_or(0) as u8);
    let letters: String = fresh_id().simple().to_string().chars().map(letter).collect();
    format!("contract_{letters}")
}

/// Waits for what must happen.
async fn in_time<T>(happening: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(WAIT_S_MAX), happening).await.expect("it should have happened")
}

/// Runs all calls at once, each on a thread of its own; their results in the same order.
async fn in_parallel<F: Future<Output: Send> + Send>(calls: Vec<F>) -> Vec<F::Output> {
    let runtime = Handle::current();
    block_in_place(|| {
        thread::scope(|scope| {
            let start = |call| scope.spawn(|| runtime.block_on(in_time(call)));
            let threads: Vec<_> = calls.into_iter().map(start).collect();
            let ends = threads.into_iter().map(thread::ScopedJoinHandle::join);
            ends.map(|end| end.unwrap_or_else(|panic| resume_unwind(panic))).collect()
        })
    })
}

/// Runs two different calls at once, each on a thread of its own.
async fn beside<A: Send, B: Send>(
    one: impl Future<Output = A> + Send,
    other: impl Future<Output = B> + Send,
) -> (A, B) {
    let runtime = Handle::current();
    block_in_place(|| {
        thread::scope(|scope| {
            let one = scope.spawn(|| runtime.block_on(in_time(one)));
            let other = runtime.block_on(in_time(other));
            (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
        })
    })
}
