//! Dead letters. Handlers and streams are new in every clause; `how_many_there_are_is_counted` assumes that nobody
//! else parks meanwhile.

use serde_json::value::RawValue;

use super::{fresh_id, fresh_name, in_parallel};
use crate::dead_letter::{DeadLetter, DeadLetters, NewDeadLetter, REASON_BYTES_MAX};
use crate::event::{Metadata, RecordedEvent};
use crate::stream::{GlobalPosition, StreamName, StreamVersion};
use domain::time::Timestamp;

/// Makes one test per clause; the subject is a [`DeadLetters`].
#[macro_export]
macro_rules! dead_letters_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { dead_letters ($($subject)+)
            a_parked_event_is_kept_as_it_was,
            parking_twice_changes_nothing,
            of_racing_parks_of_one_event_one_is_kept,
            handlers_park_the_same_event_apart,
            a_long_reason_is_cut_between_characters,
            a_sequence_is_in_order_of_versions,
            the_parked_streams_of_a_handler_are_told_once_each,
            a_listing_has_pages,
            how_many_there_are_is_counted,
            a_removed_letter_is_gone,
            a_removed_event_can_be_parked_again,
            a_replay_is_requested_for_the_whole_sequence,
            a_replay_stays_requested_until_it_is_settled,
            a_replay_of_an_unknown_letter_is_not_requested,
            a_settled_replay_can_be_requested_again,
        }
    };
}

pub async fn a_parked_event_is_kept_as_it_was(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    let new = NewDeadLetter {
        reason: "Grund: 'ß' 🦀".to_owned(),
        attempts: 5,
        ..letter(&handler, &stream, 3)
    };
    letters.park(std::slice::from_ref(&new)).await.unwrap();
    let kept = sequence(letters, &handler, &stream).await.remove(0);
    assert_eq!((kept.handler.as_str(), kept.reason.as_str()), (handler.as_str(), "Grund: 'ß' 🦀"));
    assert_eq!((kept.attempts, kept.parked_at), (5, new.parked_at));
    assert!(!kept.replay_requested);
    assert_eq!(kept.event.data.get(), new.event.data.get());
    assert_eq!(kept.event.metadata, new.event.metadata);
    assert_eq!(place(&kept.event), place(&new.event));
    assert_eq!(kept.event.event_type, new.event.event_type);
    assert_eq!(kept.event.schema_version, new.event.schema_version);
    assert_eq!(kept.event.recorded_at, new.event.recorded_at);
    let got = letters.get(kept.id).await.unwrap().expect("the letter is there");
    assert_eq!((got.id, got.reason, place(&got.event)), (kept.id, kept.reason, place(&kept.event)));
}

pub async fn parking_twice_changes_nothing(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    let first = NewDeadLetter { attempts: 5, ..letter(&handler, &stream, 1) };
    letters.park(std::slice::from_ref(&first)).await.unwrap();
    let before = sequence(letters, &handler, &stream).await;
    let again = NewDeadLetter { attempts: 9, reason: "another".to_owned(), ..first };
    letters.park(&[again.clone(), again, letter(&handler, &stream, 2)]).await.unwrap();
    let after = sequence(letters, &handler, &stream).await;
    assert_eq!(versions(&after), [1, 2]);
    assert_eq!((after[0].id, after[0].attempts), (before[0].id, 5));
    assert_eq!(after[0].reason, before[0].reason);
}

pub async fn of_racing_parks_of_one_event_one_is_kept(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    let both = [letter(&handler, &stream, 1), letter(&handler, &stream, 2)];
    let parks = in_parallel((0..8).map(|_| letters.park(&both)).collect()).await;
    assert!(parks.iter().all(Result::is_ok), "{parks:?}");
    assert_eq!(versions(&sequence(letters, &handler, &stream).await), [1, 2]);
}

pub async fn handlers_park_the_same_event_apart(letters: &dyn DeadLetters) {
    let (one, other, stream) = (fresh_name(), fresh_name(), fresh_stream());
    letters.park(&[letter(&one, &stream, 1), letter(&other, &stream, 1)]).await.unwrap();
    let of_one = sequence(letters, &one, &stream).await;
    let of_other = sequence(letters, &other, &stream).await;
    assert_ne!(of_one[0].id, of_other[0].id);
    letters.remove(of_one[0].id).await.unwrap();
    assert_eq!(versions(&sequence(letters, &other, &stream).await), [1]);
}

pub async fn a_long_reason_is_cut_between_characters(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    // The limit lies within a character of three bytes.
    let reason = format!("a{}", "漢".repeat(REASON_BYTES_MAX));
    let new = NewDeadLetter { reason: reason.clone(), ..letter(&handler, &stream, 1) };
    letters.park(&[new]).await.unwrap();
    let kept = sequence(letters, &handler, &stream).await.remove(0).reason;
    assert!(kept.len() <= REASON_BYTES_MAX && kept.len() > REASON_BYTES_MAX - 4, "{}", kept.len());
    assert!(reason.starts_with(&kept));
}

pub async fn a_sequence_is_in_order_of_versions(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    for version in [10, 2, 9, 1] {
        letters.park(&[letter(&handler, &stream, version)]).await.unwrap();
    }
    assert_eq!(versions(&sequence(letters, &handler, &stream).await), [1, 2, 9, 10]);
    let oldest = letters.sequence(&handler, &stream, 2).await.unwrap();
    assert_eq!(versions(&oldest), [1, 2]);
    assert_eq!(sequence(letters, &handler, &fresh_stream()).await.len(), 0);
    assert_eq!(sequence(letters, &fresh_name(), &stream).await.len(), 0);
}

pub async fn the_parked_streams_of_a_handler_are_told_once_each(letters: &dyn DeadLetters) {
    let (handler, one, other) = (fresh_name(), fresh_stream(), fresh_stream());
    let parked =
        [letter(&handler, &one, 1), letter(&handler, &one, 2), letter(&handler, &other, 1)];
    letters.park(&parked).await.unwrap();
    letters.park(&[letter(&fresh_name(), &fresh_stream(), 1)]).await.unwrap();
    let mut streams = letters.parked_streams(&handler).await.unwrap();
    streams.sort();
    let mut expected = [one.clone(), other.clone()];
    expected.sort();
    assert_eq!(streams, expected);

    let of_other = sequence(letters, &handler, &other).await;
    letters.remove(of_other[0].id).await.unwrap();
    assert_eq!(letters.parked_streams(&handler).await.unwrap(), [one]);
    assert!(letters.parked_streams(&fresh_name()).await.unwrap().is_empty());
}

pub async fn a_listing_has_pages(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    for version in 1..=7 {
        letters.park(&[letter(&handler, &stream, version)]).await.unwrap();
    }
    let ids: Vec<_> = sequence(letters, &handler, &stream).await.iter().map(|l| l.id).collect();
    assert!(ids.is_sorted_by(|earlier, later| earlier < later), "later ones have higher ids");
    let (mut after, mut listed) = (ids[0] - 1, Vec::new());
    loop {
        let page = letters.list(after, 3).await.unwrap();
        assert!(page.len() <= 3 && page.is_sorted_by_key(|letter| letter.id));
        let Some(last) = page.last() else { break };
        after = last.id;
        listed.extend(page.iter().filter(|l| l.handler == handler).map(|l| l.id));
    }
    assert_eq!(listed, ids);
}

pub async fn how_many_there_are_is_counted(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    let before = letters.count().await.unwrap();
    letters.park(&[letter(&handler, &stream, 1), letter(&handler, &stream, 2)]).await.unwrap();
    letters.park(&[letter(&handler, &stream, 2)]).await.unwrap();
    assert_eq!(letters.count().await.unwrap(), before + 2);
    let first = sequence(letters, &handler, &stream).await.remove(0);
    letters.remove(first.id).await.unwrap();
    assert_eq!(letters.count().await.unwrap(), before + 1);
}

pub async fn a_removed_letter_is_gone(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    letters.park(&[letter(&handler, &stream, 1), letter(&handler, &stream, 2)]).await.unwrap();
    let id = sequence(letters, &handler, &stream).await[0].id;
    assert!(letters.remove(id).await.unwrap());
    assert!(!letters.remove(id).await.unwrap());
    assert!(letters.get(id).await.unwrap().is_none());
    assert_eq!(versions(&sequence(letters, &handler, &stream).await), [2]);
    assert!(letters.list(id - 1, 1_000).await.unwrap().iter().all(|letter| letter.id != id));
}

pub async fn a_removed_event_can_be_parked_again(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    letters.park(&[letter(&handler, &stream, 1)]).await.unwrap();
    let first = sequence(letters, &handler, &stream).await.remove(0);
    letters.remove(first.id).await.unwrap();
    letters.park(&[letter(&handler, &stream, 1)]).await.unwrap();
    let second = sequence(letters, &handler, &stream).await.remove(0);
    assert!(second.id > first.id, "an id is never used again");
}

pub async fn a_replay_is_requested_for_the_whole_sequence(letters: &dyn DeadLetters) {
    let (handler, stream, neighbour) = (fresh_name(), fresh_stream(), fresh_stream());
    let parked = [
        letter(&handler, &stream, 1),
        letter(&handler, &stream, 2),
        letter(&handler, &neighbour, 1),
    ];
    letters.park(&parked).await.unwrap();
    assert!(letters.requested_replays(&handler).await.unwrap().is_empty());
    let second = sequence(letters, &handler, &stream).await.remove(1);
    assert!(letters.request_replay(second.id).await.unwrap());
    assert!(letters.request_replay(second.id).await.unwrap());
    assert_eq!(letters.requested_replays(&handler).await.unwrap(), std::slice::from_ref(&stream));
    let requested = async |stream| {
        let sequence = sequence(letters, &handler, stream).await;
        sequence.iter().map(|letter| letter.replay_requested).collect::<Vec<_>>()
    };
    assert_eq!(requested(&stream).await, [true, true]);
    assert_eq!(requested(&neighbour).await, [false]);
    assert!(letters.get(second.id).await.unwrap().unwrap().replay_requested);
    assert!(letters.requested_replays(&fresh_name()).await.unwrap().is_empty());
}

pub async fn a_replay_stays_requested_until_it_is_settled(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    letters.park(&[letter(&handler, &stream, 1), letter(&handler, &stream, 2)]).await.unwrap();
    let first = sequence(letters, &handler, &stream).await.remove(0);
    letters.request_replay(first.id).await.unwrap();
    letters.remove(first.id).await.unwrap();
    assert_eq!(letters.requested_replays(&handler).await.unwrap(), std::slice::from_ref(&stream));
    letters.settle_replay(&handler, &stream).await.unwrap();
    assert!(letters.requested_replays(&handler).await.unwrap().is_empty());
    let rest = sequence(letters, &handler, &stream).await;
    assert_eq!(versions(&rest), [2], "what could not be replayed stays parked");
    assert!(!rest[0].replay_requested);
    letters.settle_replay(&handler, &stream).await.unwrap();
}

pub async fn a_replay_of_an_unknown_letter_is_not_requested(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    letters.park(&[letter(&handler, &stream, 1)]).await.unwrap();
    let id = sequence(letters, &handler, &stream).await[0].id;
    letters.remove(id).await.unwrap();
    assert!(!letters.request_replay(id).await.unwrap());
    assert!(letters.requested_replays(&handler).await.unwrap().is_empty());
}

pub async fn a_settled_replay_can_be_requested_again(letters: &dyn DeadLetters) {
    let (handler, stream) = (fresh_name(), fresh_stream());
    letters.park(&[letter(&handler, &stream, 1)]).await.unwrap();
    let id = sequence(letters, &handler, &stream).await[0].id;
    for _ in 0..2 {
        assert!(letters.request_replay(id).await.unwrap());
        assert_eq!(letters.requested_replays(&handler).await.unwrap().len(), 1);
        letters.settle_replay(&handler, &stream).await.unwrap();
        assert_eq!(letters.requested_replays(&handler).await.unwrap().len(), 0);
    }
}

fn fresh_stream() -> StreamName {
    StreamName::new("motor", fresh_id())
}

fn letter(handler: &str, stream: &StreamName, version: u64) -> NewDeadLetter {
    let data = format!(r#"{{ "version": {version}, "text": "ß 🦀" }}"#);
    let event = RecordedEvent {
        position: GlobalPosition(1_000 + version),
        stream: stream.clone(),
        version: StreamVersion(version),
        event_type: "measured".to_owned(),
        schema_version: 2,
        data: RawValue::from_string(data).expect("the data is JSON"),
        metadata: Metadata { actor: Some("anlage".to_owned()), ..Metadata::default() },
        recorded_at: Timestamp::from_micros(1_767_225_600_123_456),
    };
    NewDeadLetter {
        handler: handler.to_owned(),
        event,
        reason: "it cannot be read".to_owned(),
        attempts: 1,
        parked_at: Timestamp::from_micros(1_767_225_601_000_001),
    }
}

async fn sequence(
    letters: &dyn DeadLetters,
    handler: &str,
    stream: &StreamName,
) -> Vec<DeadLetter> {
    letters.sequence(handler, stream, 1_000).await.unwrap()
}

fn versions(letters: &[DeadLetter]) -> Vec<u64> {
    letters.iter().map(|letter| letter.event.version.0).collect()
}

fn place(event: &RecordedEvent) -> (GlobalPosition, String) {
    (event.position, event.id())
}
