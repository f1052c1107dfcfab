//! Takes vibration samples in, and gives them to the vibration processor.

use async_trait::async_trait;
use domain::time::Timestamp;
use domain::vibration::{Measurement, SampleBlock};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::PortError;
use crate::checkpoint::Checkpoint;

/// What a sensor sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sample {
    /// A waveform.
    Block(SampleBlock),
    /// A value that the sensor computed itself.
    Measurement(Measurement),
}

/// Where samples are put down as they arrive.
#[async_trait]
pub trait Samples: Send + Sync {
    /// Durable when it returns. Samples of one motor keep their order.
    async fn publish(&self, motor_id: Uuid, sample: &Sample) -> Result<(), PortError>;
}

/// Opens readers of the samples.
#[async_trait]
pub trait SampleSource: Send + Sync {
    /// The samples after `from` (`None`: all that are kept), each at least once, in order per motor.
    async fn open(&self, from: Option<&Checkpoint>) -> Result<Box<dyn SampleFeed>, PortError>;

    /// The samples that came in at `since` or later and are still kept, and those that are to come. Some that came in
    /// shortly before may be given as well.
    async fn open_since(&self, since: Timestamp) -> Result<Box<dyn SampleFeed>, PortError>;
}

/// A reader of the samples.
#[async_trait]
pub trait SampleFeed: Send {
    /// Waits for samples and gives them, at most `samples_max`. Dropping the future loses nothing.
    async fn next(&mut self, samples_max: usize) -> Result<SampleBatch, PortError>;

    /// Until when everything has been given: no sample that is still to come from this feed came in before that.
    /// `None`: not known yet. Without it, nobody can tell a sensor that is silent from one whose samples are waiting.
    ///
    /// ```text
    /// given │ waiting              given │ nothing waits
    ///   1 2 │ 3 4                  1 2 3 │
    ///         └ at most until 3            └ until about now, ever later though nothing comes
    /// ```
    ///
    /// Waits for no sample, and answers without delay: what has to be asked for may be told by a later call. Holds as
    /// far as the clocks do by which samples come in.
    ///
    /// # Errors
    /// It cannot be told, or what waits does not come: the feed is to be opened anew.
    async fn complete_until(&mut self) -> Result<Option<Timestamp>, PortError>;
}

/// Samples, and where to resume once they are dealt with.
#[derive(Clone, Debug)]
pub struct SampleBatch {
    /// In order per motor.
    pub samples: Vec<ReceivedSample>,
    /// Save it with what was made of them.
    pub checkpoint: Checkpoint,
}

/// A sample as it came in.
#[derive(Clone, Debug)]
pub struct ReceivedSample {
    /// Whose it is.
    pub motor_id: Uuid,
    /// What was measured.
    pub sample: Sample,
    /// When it came in.
    pub received_at: Timestamp,
}
