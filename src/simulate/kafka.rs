//! Samples straight to the topic, as devices send them.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use domain::time::Timestamp;
use domain::vibration::{SampleBlock, Unit};
use infra_kafka::registry::{Registry, RegistrySettings};
use infra_kafka::samples::{KafkaSamples, PublishSettings, SampleSchemas};
use infra_kafka::settings::KafkaSettings;
use ports::samples::{Sample, Samples};
use uuid::Uuid;

use super::client::Block;
use crate::cli::Simulate;

/// Puts blocks down in Avro.
pub(super) struct Producer {
    samples: KafkaSamples,
}

impl Producer {
    /// # Errors
    /// The address of a server cannot be used.
    pub(super) fn new(brokers: &str, options: &Simulate) -> anyhow::Result<Self> {
        let settings = RegistrySettings { url: options.registry.clone(), login: None };
        let registry = Registry::new(settings).context("--registry")?;
        let schemas = Arc::new(SampleSchemas::new(Arc::new(registry)));
        let publish = PublishSettings::to(options.topic.clone());
        let samples = KafkaSamples::new(&KafkaSettings::plaintext(brokers), schemas, publish);
        Ok(Self { samples: samples.map_err(|error| anyhow!(error.chain()))? })
    }

    /// # Errors
    /// The cluster or the registry does not take it.
    pub(super) async fn send(&self, motor_id: Uuid, block: &Block) -> anyhow::Result<()> {
        let sample = Sample::Block(SampleBlock {
            sensor: block.sensor.to_owned(),
            axis: block.axis.parse()?,
            unit: Unit::MetrePerSecondSquared,
            sample_rate_hz: block.sample_rate_hz,
            started_at: Timestamp::from_micros(block.started_at.as_microsecond()),
            speed_rpm: Some(block.speed_rpm),
            samples: block.samples.clone(),
        });
        let sent = self.samples.publish(motor_id, &sample).await;
        sent.map_err(|error| anyhow!(error.chain()))
    }
}
