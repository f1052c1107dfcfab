//! Which topics there are, and how they are made.

mod migration;

pub use migration::{Difference, Migration, TopicError, migrate};

/// The largest batch of records that a broker takes, and so the largest record.
pub const MESSAGE_BYTES_MAX: usize = 1_048_576;
/// The same for samples: seconds of vibration in one record.
pub const SAMPLE_BYTES_MAX: usize = 6 * 1_048_576;
const MS_PER_HOUR: i64 = 3_600 * 1_000;
/// How long the copies of dead letters are kept; the letters themselves stay in the store.
const DEAD_LETTERS_RETENTION_MS: i64 = 30 * 24 * 3_600 * 1_000;
const FOR_EVER: i64 = -1;
/// The cursor's partition gets two records for each transaction, and only the last one counts.
const CURSOR_SEGMENT_BYTES: usize = 4 * 1_048_576;
const CURSOR_SEGMENT_MS: i64 = 24 * 3_600 * 1_000;
/// In the place of the category in [`Topics::events`].
const CATEGORY: &str = "{category}";

/// The names of the topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    /// Of the events; `{category}` stands for their aggregate.
    pub events: String,
    /// Of the samples.
    pub samples: String,
    /// How far the relay has come.
    pub relay_cursor: String,
    /// What is put behind the name of a topic for its dead letters.
    pub dead_letters_suffix: String,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            events: format!("{CATEGORY}.events.v1"),
            samples: "vibration-topic".to_owned(),
            relay_cursor: "relay.cursor.v1".to_owned(),
            dead_letters_suffix: ".dlt".to_owned(),
        }
    }
}

/// How wide topics are spread, and how long what is on them is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Of keyed topics. Settled once: with another number keys move, and their order is lost.
    pub partitions: i32,
    /// How many brokers have each record.
    pub replication: i32,
    /// How many of them must have it before it counts as written.
    pub min_insync_replicas: i32,
    /// How long samples are kept: a processor that was away for longer has lost some.
    pub samples_retention_hours: u32,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            partitions: 12,
            replication: 3,
            min_insync_replicas: 2,
            samples_retention_hours: 7 * 24,
        }
    }
}

/// How a topic is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: i32,
    /// How many brokers have each.
    pub replication: i32,
    /// The broker's settings for it.
    pub settings: Vec<(&'static str, String)>,
}

impl Topics {
    /// The topic of the events of `category`.
    pub fn events_of(&self, category: &str) -> String {
        self.events.replace(CATEGORY, category)
    }

    /// The topic of the dead letters of `topic`.
    pub fn dead_letters_of(&self, topic: &str) -> String {
        format!("{topic}{}", self.dead_letters_suffix)
    }

    /// How all topics are to be, for events of `categories`.
    pub fn specs<'a>(
        &self,
        categories: impl IntoIterator<Item = &'a str>,
        spread: Spread,
    ) -> Vec<TopicSpec> {
        let mut specs = Vec::new();
        for category in categories {
            let events = self.events_of(category);
            specs.push(deleted(&self.dead_letters_of(&events), DEAD_LETTERS_RETENTION_MS, spread));
            specs.push(deleted(&events, FOR_EVER, spread));
        }
        let samples_dead = self.dead_letters_of(&self.samples);
        let samples_ms = i64::from(spread.samples_retention_hours) * MS_PER_HOUR;
        specs.push(samples(&self.samples, samples_ms, spread));
        specs.push(samples(&samples_dead, DEAD_LETTERS_RETENTION_MS, spread));
        specs.push(cursor(&self.relay_cursor, spread));
        specs
    }
}

fn deleted(name: &str, retention_ms: i64, spread: Spread) -> TopicSpec {
    let settings = vec![
        ("cleanup.policy", "delete".to_owned()),
        ("retention.ms", retention_ms.to_string()),
        ("max.message.bytes", MESSAGE_BYTES_MAX.to_string()),
    ];
    spec(name, spread.partitions, settings, spread)
}

/// A device's clock may be wrong, and when a sample came in is the cluster's to say.
fn samples(name: &str, retention_ms: i64, spread: Spread) -> TopicSpec {
    let settings = vec![
        ("cleanup.policy", "delete".to_owned()),
        ("retention.ms", retention_ms.to_string()),
        ("max.message.bytes", SAMPLE_BYTES_MAX.to_string()),
        ("message.timestamp.type", "LogAppendTime".to_owned()),
    ];
    spec(name, spread.partitions, settings, spread)
}

/// Never forgotten, however long nothing happens: only what was overwritten goes.
fn cursor(name: &str, spread: Spread) -> TopicSpec {
    let settings = vec![
        ("cleanup.policy", "compact".to_owned()),
        ("retention.ms", FOR_EVER.to_string()),
        ("segment.bytes", CURSOR_SEGMENT_BYTES.to_string()),
        ("segment.ms", CURSOR_SEGMENT_MS.to_string()),
        ("max.message.bytes", MESSAGE_BYTES_MAX.to_string()),
    ];
    spec(name, 1, settings, spread)
}

fn spec(
    name: &str,
    partitions: i32,
    mut settings: Vec<(&'static str, String)>,
    spread: Spread,
) -> TopicSpec {
    settings.push(("min.insync.replicas", spread.min_insync_replicas.to_string()));
    TopicSpec { name: name.to_owned(), partitions, replication: spread.replication, settings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_its_dead_letters_and_the_cursor_is_one_partition() {
        let specs = Topics::default().specs(["motor", "image"], Spread::default());
        let names: Vec<_> = specs.iter().map(|spec| spec.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "motor.events.v1.dlt",
                "motor.events.v1",
                "image.events.v1.dlt",
                "image.events.v1",
                "vibration-topic",
                "vibration-topic.dlt",
                "relay.cursor.v1",
            ]
        );
        let cursor = specs.last().unwrap();
        assert_eq!(cursor.partitions, 1);
        assert!(cursor.settings.contains(&("cleanup.policy", "compact".to_owned())));
        assert!(specs.iter().all(|spec| spec.replication == 3));
    }
}
