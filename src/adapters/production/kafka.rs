//! What Kafka carries: samples in, the log out, and the log as it comes.

mod audit;
mod feed;
mod relay;
mod telling;

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use infra_kafka::audit::TopicAuditReader;
use infra_kafka::dead_letters::{DeadLetterTopic, DeadLettersToTopic};
use infra_kafka::headers::RecordDecoder;
use infra_kafka::registry::{OwnSchemas, Registry, RegistrySettings};
use infra_kafka::relay::RelaySettings;
use infra_kafka::samples::{
    KafkaSampleSource, KafkaSamples, PublishSettings, SampleSchemas, SampleTally, SourceSettings,
};
use infra_kafka::schema::EventSchemas;
use infra_kafka::settings::KafkaSettings;
use infra_kafka::topics::{self, Spread, Topics};
use ports::PortError;
use ports::clock::Clock;
use ports::dead_letter::DeadLetters;
use ports::event_log::EventLog;
use ports::samples::{SampleSource, Samples};
use ports::subscription::Subscriptions;

use self::audit::KafkaTopicAudit;
use self::feed::LiveFeed;
use self::relay::RelayPlan;
use self::telling::telling;
use crate::adapters::{RelayParts, Teller};
use crate::config::Services;
use crate::reconciler::{TopicAudit, payload_sha256};

/// With so many brokers, one of them may be away.
const REPLICATION_THAT_SPARES_ONE: u16 = 3;

/// The ports that Kafka is behind.
pub(super) struct Kafka {
    pub(super) subscriptions: Arc<dyn Subscriptions>,
    pub(super) dead_letters: Arc<dyn DeadLetters>,
    pub(super) samples: Arc<dyn Samples>,
    pub(super) sample_source: Arc<dyn SampleSource>,
    pub(super) relay: RelayParts,
    pub(super) topic_audit: Arc<dyn TopicAudit>,
    pub(super) teller: Teller,
    feed: Arc<LiveFeed>,
}

impl Kafka {
    /// Connects when something is asked for: a cluster that is away is waited for.
    ///
    /// # Errors
    /// A setting cannot be used.
    pub(super) fn open(
        services: &Services,
        clock: Arc<dyn Clock>,
        log: &Arc<dyn EventLog>,
        dead_letters: Arc<dyn DeadLetters>,
    ) -> anyhow::Result<Self> {
        let kafka = KafkaSettings::plaintext(services.kafka_brokers.clone());
        let topics = topic_names(services);
        let registry = Arc::new(registry(services)?);
        let schemas =
            OwnSchemas::new(Arc::clone(&registry), Arc::new(event_schemas()?), topics.clone());
        let schemas = Arc::new(schemas);
        let dead_topic = DeadLetterTopic::new(&kafka, topics.clone(), "samples").map_err(told)?;
        let dead_topic = Arc::new(dead_topic);
        let told_on = Arc::clone(&dead_topic);
        let letters = DeadLettersToTopic::over(dead_letters, told_on, Arc::clone(&schemas));
        // There is a shape for each type of event.
        let categories: BTreeSet<String> =
            commands::catalog().into_iter().map(|shape| shape.category).collect();
        let event_topics: Vec<String> =
            categories.iter().map(|category| topics.events_of(category)).collect();
        let decoder = RecordDecoder::new(Arc::clone(&registry));
        let feed =
            LiveFeed::new(kafka.clone(), event_topics.clone(), decoder.clone(), Arc::clone(log));
        let relay = RelayPlan {
            log: Arc::clone(log),
            kafka: kafka.clone(),
            schemas,
            settings: RelaySettings {
                scope: services.installation.clone().unwrap_or_else(|| "log".to_owned()),
                topics: topics.clone(),
                ..RelaySettings::default()
            },
        };
        let reader = TopicAuditReader::new(
            kafka.clone(),
            relay.settings.clone(),
            event_topics,
            decoder,
            Arc::new(payload_sha256),
        );
        let topic_audit = KafkaTopicAudit { reader, log: Arc::clone(log) };
        let feed = Arc::new(feed);
        let sample_schemas = Arc::new(SampleSchemas::new(registry));
        let publish = PublishSettings::to(topics.samples.clone());
        let samples =
            KafkaSamples::new(&kafka, Arc::clone(&sample_schemas), publish).map_err(told)?;
        let tally = Arc::<SampleTally>::default();
        let source = SourceSettings::of(topics.samples);
        let teller = telling(Arc::clone(&tally), Arc::clone(&feed));
        let sample_source =
            KafkaSampleSource::new(kafka, clock, sample_schemas, dead_topic, tally, source);
        Ok(Self {
            subscriptions: Arc::clone(&feed) as Arc<dyn Subscriptions>,
            dead_letters: Arc::new(letters),
            samples: Arc::new(samples),
            sample_source: Arc::new(sample_source),
            relay: relay.parts(),
            topic_audit: Arc::new(topic_audit),
            teller,
            feed,
        })
    }

    pub(super) async fn close(&self) {
        self.feed.close().await;
    }
}

fn told(error: PortError) -> anyhow::Error {
    anyhow!(error.chain())
}

/// Makes the topics that are missing and tells the registry of every schema.
///
/// # Errors
/// Kafka or the registry does not answer, or refuses.
pub(super) async fn migrate(
    services: &Services,
    samples_retention_hours: u32,
) -> anyhow::Result<String> {
    let kafka = KafkaSettings::plaintext(services.kafka_brokers.clone());
    let topics = topic_names(services);
    let schemas = event_schemas()?;
    let ids = registry(services)?.register(&schemas, |category| topics.events_of(category)).await;
    let ids = ids.context("telling the registry of the schemas")?;
    let categories = ids.categories();
    let spares_one = services.topic_replication >= REPLICATION_THAT_SPARES_ONE;
    let spread = Spread {
        partitions: services.topic_partitions.into(),
        replication: services.topic_replication.into(),
        min_insync_replicas: if spares_one { 2 } else { 1 },
        samples_retention_hours,
    };
    let specs = topics.specs(categories.iter().copied(), spread);
    let migrated = topics::migrate(&kafka, &specs).await.context("making the topics")?;
    let mut told = format!("the registry has {} schemas\n", schemas.all().len());
    for topic in &migrated.created {
        told.push_str(&format!("made the topic {topic}\n"));
    }
    for topics::Difference { topic, setting, wanted, found } in &migrated.differences {
        told.push_str(&format!("{topic}: {setting} is {found}, not {wanted}; left alone\n"));
    }
    Ok(told)
}

fn event_schemas() -> anyhow::Result<EventSchemas> {
    EventSchemas::new(&commands::catalog()).context("making Avro schemas of the events")
}

fn registry(services: &Services) -> anyhow::Result<Registry> {
    let settings = RegistrySettings { url: services.schema_registry_url.clone(), login: None };
    Registry::new(settings).context("SCHEMA_REGISTRY_URL")
}

/// The topic of the samples is as `KAFKA_TOPIC` says; the others bear the name of the installation.
fn topic_names(services: &Services) -> Topics {
    let mut topics = Topics { samples: services.kafka_topic.clone(), ..Topics::default() };
    if let Some(installation) = &services.installation {
        topics.events = format!("{installation}.{}", topics.events);
        topics.relay_cursor = format!("{installation}.{}", topics.relay_cursor);
    }
    topics
}
