//! Topics of a test's own.

use std::time::{Duration, SystemTime};

use infra_kafka::settings::KafkaSettings;
use ports::clock::{Clock, Timestamp};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use uuid::Uuid;

#[allow(dead_code, reason = "not every test needs it")]
/// The clock of this machine, which is that of the cluster as well.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::UNIX_EPOCH.elapsed().expect("it is later than 1970");
        Timestamp::from_micros(since.as_micros().try_into().expect("it is not so late"))
    }

    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// A topic that nobody else knows, deleted when it is dropped.
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) kafka: KafkaSettings,
    admin: AdminClient<DefaultClientContext>,
}

impl Topic {
    /// `None` where there is no cluster.
    pub(crate) async fn fresh(partitions: i32) -> Option<Self> {
        let kafka = KafkaSettings::plaintext(services::kafka()?);
        let admin: AdminClient<_> = kafka.client_config().create().unwrap();
        let name = services::fresh_name("test");
        let topic = NewTopic::new(&name, partitions, TopicReplication::Fixed(1))
            .set("max.message.bytes", "6291456")
            .set("message.timestamp.type", "LogAppendTime");
        let created = admin.create_topics([&topic], &options()).await.unwrap();
        assert!(created.iter().all(Result::is_ok), "{created:?}");
        Some(Self { name, kafka, admin })
    }

    #[allow(dead_code, reason = "not every test needs it")]
    /// Lets go of everything before `offset`, as retention does.
    pub(crate) async fn delete_before(&self, partition: i32, offset: i64) {
        let mut list = rdkafka::TopicPartitionList::new();
        let to = rdkafka::Offset::Offset(offset);
        list.add_partition_offset(&self.name, partition, to).unwrap();
        self.admin.delete_records(&list, &options()).await.unwrap();
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        let deletion = self.admin.delete_topics(&[&self.name], &options());
        let deleted = block_in_place(|| Handle::current().block_on(deletion));
        assert!(deleted.is_ok(), "{deleted:?}");
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)))
}
