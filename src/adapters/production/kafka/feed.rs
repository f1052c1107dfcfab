//! The log as it comes by Kafka, from the moment that somebody in this process follows it.

use std::sync::Arc;

use async_trait::async_trait;
use infra_kafka::headers::RecordDecoder;
use infra_kafka::live::{
    LiveSubscriptions, Tail, TailReader, TailReaderSettings, TailSettings, TailStatus,
};
use infra_kafka::settings::KafkaSettings;
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::event_log::EventLog;
use ports::subscription::{Subscription, Subscriptions};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tracing::warn;

/// One consumer for all handlers of the process; none where there is no handler.
pub(super) struct LiveFeed {
    kafka: KafkaSettings,
    topics: Vec<String>,
    decoder: RecordDecoder,
    log: Arc<dyn EventLog>,
    tail: Arc<Tail>,
    subscriptions: LiveSubscriptions,
    reading: Mutex<Option<JoinHandle<()>>>,
    drain: watch::Sender<bool>,
}

impl LiveFeed {
    pub(super) fn new(
        kafka: KafkaSettings,
        topics: Vec<String>,
        decoder: RecordDecoder,
        log: Arc<dyn EventLog>,
    ) -> Self {
        let tail = Tail::new(TailSettings::default());
        let subscriptions = LiveSubscriptions::new(Arc::clone(&log), Arc::clone(&tail));
        let (reading, drain) = (Mutex::default(), watch::channel(false).0);
        Self { kafka, topics, decoder, log, tail, subscriptions, reading, drain }
    }

    /// Ends the consumer, if there is one.
    pub(super) async fn close(&self) {
        self.drain.send_replace(true);
        if let Some(reading) = self.reading.lock().await.take()
            && let Err(error) = reading.await
        {
            warn!(%error, "reading the topics failed");
        }
    }

    /// How it is; `None` while nobody in this process follows the log.
    pub(super) fn status(&self) -> Option<TailStatus> {
        // Who holds it is about to start or to end.
        let reading = self.reading.try_lock().ok()?;
        reading.is_some().then(|| self.tail.status())
    }

    async fn start_reading(&self) {
        let mut reading = self.reading.lock().await;
        if reading.is_none() {
            let reader = TailReader::new(
                self.kafka.clone(),
                self.topics.clone(),
                Arc::new(self.decoder.clone()),
                Arc::clone(&self.log),
                Arc::clone(&self.tail),
                TailReaderSettings::default(),
            );
            *reading = Some(tokio::spawn(reader.run(self.drain.subscribe())));
        }
    }
}

#[async_trait]
impl Subscriptions for LiveFeed {
    async fn open(
        &self,
        name: &str,
        categories: &[&str],
        from: Option<&Checkpoint>,
    ) -> Result<Box<dyn Subscription>, PortError> {
        self.start_reading().await;
        self.subscriptions.open(name, categories, from).await
    }
}
