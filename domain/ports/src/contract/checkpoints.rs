//! Checkpoints. Nothing is assumed but the names, which are new.

use super::fresh_name;
use crate::checkpoint::{Checkpoint, Checkpoints, Progress};
use crate::stream::GlobalPosition;

/// Makes one test per clause; the subject is a [`Checkpoints`].
#[macro_export]
macro_rules! checkpoints_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { checkpoints ($($subject)+)
            an_unknown_name_has_no_progress,
            what_was_saved_is_loaded,
            a_newer_progress_replaces_an_older_one,
            an_older_progress_changes_nothing,
            a_progress_at_the_same_position_takes_on_its_checkpoint,
            names_are_apart,
            what_is_forgotten_can_start_again,
        }
    };
}

pub async fn an_unknown_name_has_no_progress(checkpoints: &dyn Checkpoints) {
    assert_eq!(checkpoints.load(&fresh_name()).await.unwrap(), None);
}

pub async fn what_was_saved_is_loaded(checkpoints: &dyn Checkpoints) {
    for (position, text) in [(0, "0"), (7, ""), (i64::MAX as u64, r#"{"0": 17, "Ünï": "🦀'"}"#)]
    {
        let (name, progress) = (fresh_name(), progress(position, text));
        checkpoints.save(&name, &progress).await.unwrap();
        assert_eq!(checkpoints.load(&name).await.unwrap(), Some(progress));
    }
}

pub async fn a_newer_progress_replaces_an_older_one(checkpoints: &dyn Checkpoints) {
    let name = fresh_name();
    for position in [1, 2, 10] {
        checkpoints.save(&name, &progress(position, "x")).await.unwrap();
    }
    assert_eq!(checkpoints.load(&name).await.unwrap(), Some(progress(10, "x")));
}

pub async fn an_older_progress_changes_nothing(checkpoints: &dyn Checkpoints) {
    let name = fresh_name();
    checkpoints.save(&name, &progress(10, "ten")).await.unwrap();
    checkpoints.save(&name, &progress(9, "nine")).await.unwrap();
    assert_eq!(checkpoints.load(&name).await.unwrap(), Some(progress(10, "ten")));
}

/// A source can go on past events that nobody wanted, without a higher position.
pub async fn a_progress_at_the_same_position_takes_on_its_checkpoint(
    checkpoints: &dyn Checkpoints,
) {
    let name = fresh_name();
    checkpoints.save(&name, &progress(10, "offset 40")).await.unwrap();
    checkpoints.save(&name, &progress(10, "offset 41")).await.unwrap();
    assert_eq!(checkpoints.load(&name).await.unwrap(), Some(progress(10, "offset 41")));
}

pub async fn names_are_apart(checkpoints: &dyn Checkpoints) {
    let (one, other) = (fresh_name(), fresh_name());
    checkpoints.save(&one, &progress(5, "5")).await.unwrap();
    checkpoints.save(&other, &progress(3, "3")).await.unwrap();
    checkpoints.forget(&other).await.unwrap();
    assert_eq!(checkpoints.load(&one).await.unwrap(), Some(progress(5, "5")));
}

pub async fn what_is_forgotten_can_start_again(checkpoints: &dyn Checkpoints) {
    let name = fresh_name();
    checkpoints.forget(&name).await.unwrap();
    checkpoints.save(&name, &progress(10, "10")).await.unwrap();
    checkpoints.forget(&name).await.unwrap();
    assert_eq!(checkpoints.load(&name).await.unwrap(), None);
    checkpoints.save(&name, &progress(1, "1")).await.unwrap();
    assert_eq!(checkpoints.load(&name).await.unwrap(), Some(progress(1, "1")));
}

fn progress(position: u64, checkpoint: &str) -> Progress {
    let checkpoint = Checkpoint(checkpoint.to_owned());
    Progress { position: GlobalPosition(position), checkpoint }
}
