//! Whether a topic loses anything in the course of time.

use std::time::Duration;

use ports::PortError;
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaError;

use crate::settings::KafkaSettings;

const ASKING: &str = "asking how long the event topics are kept";
const ANSWER_MS_MAX: u64 = 10_000;
/// Neither an age nor a size is too much.
const UNBOUNDED: &str = "-1";

/// Of each topic, whether everything in it stays.
pub(super) async fn kept_for_good(
    kafka: &KafkaSettings,
    topics: &[String],
) -> Result<Vec<bool>, PortError> {
    let failed = |error: KafkaError| PortError::new(ASKING, error);
    let admin: AdminClient<DefaultClientContext> =
        kafka.client_config().create().map_err(failed)?;
    let asked: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
    let bound = Some(Duration::from_millis(ANSWER_MS_MAX));
    let options = AdminOptions::new().request_timeout(bound).operation_timeout(bound);
    let described = admin.describe_configs(&asked, &options).await.map_err(failed)?;
    let kept = |described: Result<ConfigResource, _>| match described {
        Ok(config) => Ok(is_kept_for_good(&config)),
        Err(code) => Err(failed(KafkaError::AdminOp(code))),
    };
    described.into_iter().map(kept).collect()
}

fn is_kept_for_good(config: &ConfigResource) -> bool {
    let is = |name: &str, wanted: &str| {
        config.get(name).and_then(|entry| entry.value.as_deref()) == Some(wanted)
    };
    is("cleanup.policy", "delete")
        && is("retention.ms", UNBOUNDED)
        && is("retention.bytes", UNBOUNDED)
}
