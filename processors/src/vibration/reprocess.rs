//! Judges samples of before once more, by the settings of today.
//!
//! ```text
//! SampleSource ──▶ Slices (by the time of measuring) ──▶ Shadow (a motor that knows nothing yet) ──▶ verdicts
//!                                                           └──▶ Readings                             │
//!                                                                                  CommandBus ◀───────┘ at the end, at once
//! ```
//!
//! Samples count in the order in which they were measured, not in that in which they came: what came too late is in its
//! place. The verdicts depend on the samples, the motor's nameplate, what people said of it, and the settings; not on
//! how samples come in batches. So the same gives the same, to the bit.

mod digest;
mod shadow;
mod slices;

use std::sync::Arc;

use domain::motor::{
    Command, Motor, RecordReprocessing, Reprocessing as Account, VERDICTS_MAX, Verdict,
};
use domain::time::Timestamp;
use ports::PortError;
use ports::clock::Clock;
use ports::command_bus::{CommandBus, CommandError};
use ports::event_store::EventStore;
use ports::readings::{Reading, Readings, ReadingsCommit};
use ports::samples::SampleSource;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::VibrationSettings;
use crate::Dependencies;
use crate::wish::{Cause, send_until_decided, wish};
use digest::Digest;
use shadow::Shadow;
use slices::Slices;

/// As which it is known in metadata and command keys.
const ACTOR: &str = "reprocessing";
/// So many bytes of samples are held at a time.
const SLICE_BYTES_MAX: usize = 128 * 1024 * 1024;
/// So many readings are stored at a time.
const READINGS_PER_COMMIT: usize = 256;

/// Judges samples that are still kept once more.
#[derive(Clone)]
pub struct Reprocessor {
    clock: Arc<dyn Clock>,
    bus: Arc<dyn CommandBus>,
    store: Arc<dyn EventStore>,
    samples: Arc<dyn SampleSource>,
    readings: Arc<dyn Readings>,
    settings: VibrationSettings,
    slice_bytes_max: usize,
}

/// Which samples.
#[derive(Clone, Debug, PartialEq)]
pub struct ReprocessRequest {
    /// Of this motor.
    pub motor_id: Uuid,
    /// Those that ended after it.
    pub from: Timestamp,
    /// Those that began before it.
    pub to: Timestamp,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Samples that were looked at to find those that are wanted. They may be looked at more than once.
    pub looked_at: u64,
    /// Samples that were judged.
    pub judged: u64,
    /// Verdicts until now.
    pub verdicts: u64,
}

/// No verdicts were given. Readings may have been stored, which does no harm: they are what they would be.
#[derive(Debug, thiserror::Error)]
pub enum ReprocessError {
    /// There is no such motor.
    #[error("there is no motor {0}")]
    UnknownMotor(Uuid),
    /// Nothing is left of that time.
    #[error("no samples of that time are kept")]
    NothingKept,
    /// A port does not answer.
    #[error("{0}")]
    Unavailable(#[from] PortError),
    /// The motor does not take it.
    #[error("recording the verdicts: {0}")]
    Refused(CommandError),
    /// The process is stopping.
    #[error("the process is stopping")]
    Stopping,
}

impl Reprocessor {
    /// Judges by `settings`. Sends its verdicts to the bus of `dependencies`, and stores readings there.
    pub fn new(dependencies: &Dependencies, settings: VibrationSettings) -> Self {
        let Dependencies { clock, bus, store, samples, readings, .. } = dependencies.clone();
        let slice_bytes_max = SLICE_BYTES_MAX;
        Self { clock, bus, store, samples, readings, settings, slice_bytes_max }
    }

    /// The same, with no more than so many bytes of samples in memory at a time. 128 MiB.
    #[must_use]
    pub fn with_slice_bytes_max(self, slice_bytes_max: usize) -> Self {
        Self { slice_bytes_max, ..self }
    }

    /// Judges what is asked for, puts the verdicts on record as `run`, and gives the account of it. It is told
    /// meanwhile in `progress`. Memory is bounded however much there is: samples are read more than once instead.
    ///
    /// # Errors
    /// See [`ReprocessError`]. The verdicts are recorded all at once or not at all.
    pub async fn run(
        &self,
        run: Uuid,
        request: &ReprocessRequest,
        progress: &watch::Sender<Progress>,
    ) -> Result<Account, ReprocessError> {
        let history = shadow::history(&*self.store, request.motor_id).await?;
        let mut shadow =
            Shadow::of(&history, request).ok_or(ReprocessError::UnknownMotor(request.motor_id))?;
        let settings_sha256 = digest::of_settings(&history, request, &self.settings);
        let mut samples = Digest::default();
        let (source, now) = (Arc::clone(&self.samples), self.clock.now());
        let mut slices = Slices::of(source, request.clone(), now, self.slice_bytes_max);
        while let Some(slice) = slices.next(progress).await? {
            slice.iter().for_each(|received| samples.add_sample(received));
            shadow = self.judge(shadow, slice, false).await?;
            self.store(shadow.take_readings()).await?;
            progress.send_modify(|it| (it.judged, it.verdicts) = shadow.counts());
        }
        if shadow.counts().0 == 0 {
            return Err(ReprocessError::NothingKept);
        }
        shadow = self.judge(shadow, Vec::new(), true).await?;
        self.store(shadow.take_readings()).await?;
        let (judged, dropped) = (shadow.counts().0, shadow.dropped());
        let verdicts = shadow.into_verdicts();
        let account = Account {
            run,
            from: request.from,
            to: request.to,
            samples: u32::try_from(judged).unwrap_or(u32::MAX),
            dropped: u32::try_from(dropped).unwrap_or(u32::MAX),
            left_out: u32::try_from(verdicts.len().saturating_sub(VERDICTS_MAX))
                .unwrap_or(u32::MAX),
            samples_sha256: samples.finish(),
            settings_sha256,
            verdicts_sha256: digest::of_verdicts(&verdicts),
        };
        self.record(request.motor_id, account.clone(), verdicts).await?;
        Ok(account)
    }

    /// The work of a processor, off the runtime.
    async fn judge(
        &self,
        mut shadow: Shadow,
        slice: Vec<ports::samples::ReceivedSample>,
        is_last: bool,
    ) -> Result<Shadow, ReprocessError> {
        let settings = self.settings.clone();
        let judged = spawn_blocking(move || {
            shadow.live_through(slice, &settings);
            if is_last {
                shadow.end(&settings);
            }
            shadow
        });
        judged.await.map_err(|_| ReprocessError::Stopping)
    }

    async fn store(&self, readings: Vec<Reading>) -> Result<(), PortError> {
        let mut readings = readings.into_iter().peekable();
        while readings.peek().is_some() {
            let readings = readings.by_ref().take(READINGS_PER_COMMIT).collect();
            self.readings.commit(ReadingsCommit { readings, ..ReadingsCommit::default() }).await?;
        }
        Ok(())
    }

    async fn record(
        &self,
        motor_id: Uuid,
        reprocessing: Account,
        mut verdicts: Vec<Verdict>,
    ) -> Result<(), ReprocessError> {
        verdicts.truncate(VERDICTS_MAX);
        let key = reprocessing.run.to_string();
        let command = Command::RecordReprocessing(RecordReprocessing { reprocessing, verdicts });
        let command = wish::<Motor>(motor_id, &command, ACTOR, key, &Cause::default());
        let decided = send_until_decided(&*self.bus, command).await;
        decided.map(|_| ()).map_err(ReprocessError::Refused)
    }
}
