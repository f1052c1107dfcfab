//! One call of `append_batch`: the arrays that go in, and the verdicts that come back.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use ports::event_store::{Appended, CommandRecord};
use ports::stream::{GlobalPosition, StreamVersion};
use sqlx::PgConnection;

use super::append::{Outcome, Wish};
use super::{FOREIGN_EVENTS_PER_STEP_MAX, naming};
use crate::numbers::natural;

const APPEND_BATCH: &str = include_str!("../../sql/log/append_batch.sql");

/// How long an append may wait for a foreign transaction that wrote to the same stream. Everybody waits with it.
const COLLISION_MS_MAX: i64 = 25;

/// A wish, and a number that nobody else gave to a wish. Who meets the number again meets the same wish.
pub(super) struct Attempted<'a> {
    pub(super) wish: &'a Wish,
    pub(super) attempt: i64,
}

/// A number for an attempt.
pub(super) fn new_attempt() -> i64 {
    // Every state is seeded anew, from what the operating system holds to be random.
    RandomState::new().hash_one(0_u8).cast_signed()
}

#[derive(sqlx::FromRow)]
struct Verdict {
    append: i32,
    outcome: String,
    version: i64,
    place: i64,
    record_fingerprint: Option<String>,
    record_type: Option<String>,
    record_id: Option<String>,
    record_events: Option<i64>,
}

/// Has the database judge all of `batch` in one transaction. What became of them, in the same order.
pub(super) async fn append(
    connection: &mut PgConnection,
    batch: &[Attempted<'_>],
) -> Result<Vec<Outcome>, sqlx::Error> {
    let arrays = Arrays::of(batch);
    let verdicts: Vec<Verdict> = sqlx::query_as(APPEND_BATCH)
        .bind(arrays.aggregate_types)
        .bind(arrays.aggregate_ids)
        .bind(arrays.expectations)
        .bind(arrays.event_counts)
        .bind(arrays.rounds)
        .bind(arrays.scopes)
        .bind(arrays.keys)
        .bind(arrays.fingerprints)
        .bind(arrays.attempts)
        .bind(arrays.owners)
        .bind(arrays.steps)
        .bind(arrays.event_types)
        .bind(arrays.event_versions)
        .bind(arrays.payloads)
        .bind(arrays.metadata)
        .bind(COLLISION_MS_MAX)
        .bind(FOREIGN_EVENTS_PER_STEP_MAX)
        .fetch_all(connection)
        .await?;
    outcomes(verdicts, batch.len())
}

fn outcomes(mut verdicts: Vec<Verdict>, expected: usize) -> Result<Vec<Outcome>, sqlx::Error> {
    if verdicts.len() != expected {
        let answers = verdicts.len();
        return Err(sqlx::Error::Protocol(format!("{answers} answers for {expected} appends")));
    }
    verdicts.sort_unstable_by_key(|verdict| verdict.append);
    Ok(verdicts.into_iter().map(Verdict::outcome).collect())
}

impl Verdict {
    fn outcome(self) -> Outcome {
        let appended = Appended {
            version: StreamVersion(natural(self.version)),
            position: GlobalPosition(natural(self.place)),
        };
        match self.outcome.as_str() {
            "conflict" => Outcome::Conflict { actual: self.version },
            "repeated" => Outcome::Repeated(CommandRecord {
                fingerprint: self.record_fingerprint.unwrap_or_default(),
                stream: naming::stream(
                    self.record_type.as_deref().unwrap_or_default(),
                    self.record_id.as_deref().unwrap_or_default(),
                ),
                appended,
                events: natural(self.record_events.unwrap_or_default()),
            }),
            // Appended now, or by an attempt whose answer was lost.
            _ => Outcome::Appended(appended),
        }
    }
}

/// A batch by columns.
#[derive(Default)]
struct Arrays<'a> {
    aggregate_types: Vec<&'a str>,
    aggregate_ids: Vec<&'a str>,
    expectations: Vec<i64>,
    event_counts: Vec<i64>,
    rounds: Vec<i32>,
    scopes: Vec<Option<&'a str>>,
    keys: Vec<Option<&'a str>>,
    fingerprints: Vec<Option<&'a str>>,
    attempts: Vec<i64>,
    owners: Vec<i32>,
    steps: Vec<i32>,
    event_types: Vec<&'a str>,
    event_versions: Vec<&'a str>,
    payloads: Vec<&'a str>,
    metadata: Vec<&'a str>,
}

impl<'a> Arrays<'a> {
    fn of(batch: &'a [Attempted<'a>]) -> Self {
        let mut arrays = Self { rounds: rounds(batch), ..Self::default() };
        for (attempted, owner) in batch.iter().zip(1..) {
            arrays.add(attempted, owner);
        }
        arrays
    }

    fn add(&mut self, &Attempted { wish, attempt }: &Attempted<'a>, owner: i32) {
        let key = wish.key.as_ref();
        self.aggregate_types.push(&wish.aggregate_type);
        self.aggregate_ids.push(&wish.aggregate_id);
        self.expectations.push(wish.expected);
        self.event_counts.push(i64::try_from(wish.events.len()).unwrap_or(i64::MAX));
        self.scopes.push(key.map(|key| key.scope.as_str()));
        self.keys.push(key.map(|key| key.key.as_str()));
        self.fingerprints.push(key.map(|key| key.fingerprint.as_str()));
        self.attempts.push(attempt);
        for (event, step) in wish.events.iter().zip(1..) {
            self.owners.push(owner);
            self.steps.push(step);
            self.event_types.push(&event.event_type);
            self.event_versions.push(&event.event_version);
            self.payloads.push(&event.payload);
            self.metadata.push(&event.metadata);
        }
    }
}

/// An append comes one round after the last one with which it shares its stream or its key.
fn rounds(batch: &[Attempted<'_>]) -> Vec<i32> {
    let mut by_stream = HashMap::with_capacity(batch.len());
    let mut by_key = HashMap::new();
    let mut rounds = Vec::with_capacity(batch.len());
    for Attempted { wish, .. } in batch {
        let of_stream = by_stream.entry((&wish.aggregate_type, &wish.aggregate_id)).or_insert(0);
        let mut unkeyed = 0;
        let of_key = match &wish.key {
            Some(key) => by_key.entry((&key.scope, &key.key)).or_insert(0),
            None => &mut unkeyed,
        };
        let round = 1 + (*of_stream).max(*of_key);
        (*of_stream, *of_key) = (round, round);
        rounds.push(round);
    }
    rounds
}

#[cfg(test)]
mod tests {
    use ports::event_store::CommandKey;

    use super::*;

    fn wish(stream: &str, key: Option<&str>) -> Wish {
        let key = key.map(|key| CommandKey {
            scope: "a client".to_owned(),
            key: key.to_owned(),
            fingerprint: String::new(),
        });
        Wish {
            aggregate_type: "motor".to_owned(),
            aggregate_id: stream.to_owned(),
            expected: 0,
            events: Vec::new(),
            key,
        }
    }

    fn rounds_of(wishes: &[(&str, Option<&str>)]) -> Vec<i32> {
        let wishes: Vec<_> = wishes.iter().map(|(stream, key)| wish(stream, *key)).collect();
        let batch: Vec<_> = wishes.iter().map(|wish| Attempted { wish, attempt: 0 }).collect();
        rounds(&batch)
    }

    #[test]
    fn appends_that_have_nothing_in_common_share_a_round() {
        assert_eq!(rounds_of(&[("a", None), ("b", Some("k")), ("c", Some("l"))]), [1, 1, 1]);
    }

    #[test]
    fn whoever_shares_a_stream_or_a_key_comes_after_the_other() {
        let wishes = [
            ("a", None),
            ("a", Some("k")),
            ("b", Some("k")),
            ("b", None),
            ("c", Some("k")),
            ("a", None),
        ];
        assert_eq!(rounds_of(&wishes), [1, 2, 3, 4, 4, 3]);
    }

    #[test]
    fn no_two_attempts_have_the_same_number() {
        assert_ne!(new_attempt(), new_attempt());
    }
}
