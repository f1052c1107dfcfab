//! Makes the topics that are missing, and tells where the others are not as they should be.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tracing::{info, warn};

use super::TopicSpec;
use crate::settings::KafkaSettings;

/// How long the cluster may take for each step.
const STEP_MS_MAX: u64 = 30_000;

/// What was done, and what somebody has to decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// Topics that were made.
    pub created: Vec<String>,
    /// Where existing ones are not as they should be. Nothing was changed about them.
    pub differences: Vec<Difference>,
}

/// A topic is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which one.
    pub topic: String,
    /// In what: `partitions`, `replication`, or the name of a broker's setting.
    pub setting: String,
    /// How it should be.
    pub wanted: String,
    /// How it is.
    pub found: String,
}

/// The cluster does not do what is asked.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// It does not answer, or refuses.
    #[error("{attempted} failed")]
    Cluster {
        /// What was attempted.
        attempted: String,
        /// Why it failed.
        source: KafkaError,
    },
    /// A topic could not be made.
    #[error("the topic {topic} cannot be made: {code}")]
    Refused {
        /// Which one.
        topic: String,
        /// Why not.
        code: RDKafkaErrorCode,
    },
}

type Admin = AdminClient<DefaultClientContext>;

/// How an existing topic is spread: partitions and replication.
type Found = HashMap<String, (i32, i32)>;

/// Makes the topics of `specs` that are missing, and compares the others. Partitions are never raised: keys would
/// move, and with them the order of what has one key.
///
/// # Errors
/// See [`TopicError`]. Calling it again is harmless.
pub async fn migrate(kafka: &KafkaSettings, specs: &[TopicSpec]) -> Result<Migration, TopicError> {
    let admin: Admin = kafka.client_config().create().map_err(failed("connecting to Kafka"))?;
    let existing = existing(kafka).await?;
    let (old, new): (Vec<_>, Vec<_>) =
        specs.iter().partition(|spec| existing.contains_key(&spec.name));
    let created = create(&admin, &new).await?;
    let differences = compare(&admin, &old, &existing).await?;
    for difference in &differences {
        let Difference { topic, setting, wanted, found } = difference;
        warn!(topic, setting, wanted, found, "a topic is not as it should be; it was left alone");
    }
    Ok(Migration { created, differences })
}

async fn existing(kafka: &KafkaSettings) -> Result<Found, TopicError> {
    let config = kafka.client_config();
    let asked = tokio::task::spawn_blocking(move || {
        let admin: Admin = config.create()?;
        let metadata = admin.inner().fetch_metadata(None, Duration::from_millis(STEP_MS_MAX))?;
        let spread = |topic: &rdkafka::metadata::MetadataTopic| {
            let replicas =
                topic.partitions().first().map_or(0, |partition| partition.replicas().len());
            (count(topic.partitions().len()), count(replicas))
        };
        let topics = metadata.topics().iter();
        Ok(topics.map(|topic| (topic.name().to_owned(), spread(topic))).collect())
    });
    let found = asked.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    found.map_err(failed("listing the topics"))
}

async fn create(admin: &Admin, specs: &[&TopicSpec]) -> Result<Vec<String>, TopicError> {
    let topics: Vec<_> = specs.iter().map(|spec| new_topic(spec)).collect();
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    let results =
        admin.create_topics(&topics, &options()).await.map_err(failed("creating topics"))?;
    let mut created = Vec::new();
    for result in results {
        match result {
            Ok(topic) => {
                info!(topic, "made a topic");
                created.push(topic);
            }
            // Another process was quicker; how it made it is compared the next time.
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(TopicError::Refused { topic, code }),
        }
    }
    Ok(created)
}

fn new_topic(spec: &TopicSpec) -> NewTopic<'_> {
    let replication = TopicReplication::Fixed(spec.replication);
    let topic = NewTopic::new(&spec.name, spec.partitions, replication);
    spec.settings.iter().fold(topic, |topic, (name, value)| topic.set(name, value))
}

async fn compare(
    admin: &Admin,
    specs: &[&TopicSpec],
    found: &Found,
) -> Result<Vec<Difference>, TopicError> {
    let topics: Vec<_> = specs.iter().map(|spec| ResourceSpecifier::Topic(&spec.name)).collect();
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    let described = admin.describe_configs(&topics, &options()).await;
    let described = described.map_err(failed("reading the settings of topics"))?;
    let mut differences = Vec::new();
    for (spec, config) in specs.iter().zip(described) {
        let config =
            config.map_err(|code| TopicError::Refused { topic: spec.name.clone(), code })?;
        let (partitions, replication) = found.get(&spec.name).copied().unwrap_or_default();
        let mut compare = |setting: &str, wanted: &str, found: &str| {
            if wanted != found {
                let [setting, wanted, found] = [setting, wanted, found].map(str::to_owned);
                differences.push(Difference { topic: spec.name.clone(), setting, wanted, found });
            }
        };
        compare("partitions", &spec.partitions.to_string(), &partitions.to_string());
        compare("replication", &spec.replication.to_string(), &replication.to_string());
        for (name, wanted) in &spec.settings {
            let found = config.get(name).and_then(|entry| entry.value.as_deref());
            compare(name, wanted, found.unwrap_or_default());
        }
    }
    Ok(differences)
}

fn options() -> AdminOptions {
    let timeout = Some(Duration::from_millis(STEP_MS_MAX));
    AdminOptions::new().request_timeout(timeout).operation_timeout(timeout)
}

fn failed(attempted: &str) -> impl FnOnce(KafkaError) -> TopicError {
    let attempted = attempted.to_owned();
    move |source| TopicError::Cluster { attempted, source }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
