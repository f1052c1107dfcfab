//! A log, dead letters and a diary, and runners that come and go between them.

use std::sync::Arc;
use std::time::Duration;

use atalaya::runner::{Runner, RunnerHandle, RunnerPorts, RunnerSettings};
use domain::aggregate::EncodedEvent;
use ports::dead_letter::DeadLetters;
use ports::event::{Metadata, RecordedEvent};
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, EventStore};
use ports::memory::faulty::{Faults, Faulty};
use ports::memory::{ManualClock, MemoryDeadLetters, MemoryLog};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use ports::subscription::{LogSubscriptions, Subscriptions};
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::diary::{Diary, NAME};
use crate::witness::Witness;

/// On a clock that stands still while anything can be done; what takes longer than this never ends.
const PATIENCE: Duration = Duration::from_secs(24 * 3_600);

/// The world of one handler.
pub(crate) struct Stage {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) letters: Arc<MemoryDeadLetters>,
    pub(crate) diary: Arc<Diary>,
    pub(crate) settings: RunnerSettings,
    clock: Arc<ManualClock>,
    witness: Arc<Witness>,
}

/// A runner at work.
pub(crate) struct Act {
    pub(crate) handle: RunnerHandle,
    pub(crate) drain: watch::Sender<bool>,
    pub(crate) task: JoinHandle<()>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let log = Arc::new(MemoryLog::new(clock.clone()));
        let letters = Arc::new(MemoryDeadLetters::default());
        let diary = Arc::new(Diary::default());
        let witness = Arc::new(Witness {
            diary: diary.clone(),
            log: log.clone(),
            letters: letters.clone(),
            losses: Default::default(),
        });
        Self { log, letters, diary, settings: RunnerSettings::default(), clock, witness }
    }

    /// `count` more events of the motor.
    pub(crate) async fn happen(&self, stream: &StreamName, count: usize) {
        for _ in 0..count {
            let so_far = self
                .log
                .read_stream(stream, StreamVersion(0), usize::MAX)
                .await
                .expect("memory does not fail");
            let event = EncodedEvent {
                event_type: "measured".to_owned(),
                schema_version: 1,
                data: RawValue::from_string("{}".to_owned()).expect("it is JSON"),
            };
            let append = Append {
                stream: stream.clone(),
                expected: StreamVersion(so_far.len() as u64),
                events: vec![event],
                metadata: Metadata::default(),
                key: None,
            };
            self.log.append(append).await.expect("memory does not fail");
        }
    }

    /// A runner that has not begun. Every call to its ports may give way to others.
    pub(crate) fn runner(&self) -> (Runner, RunnerHandle, watch::Sender<bool>) {
        let calm = Faults::seeded(1, 0.0);
        let log: Arc<dyn EventLog> = Arc::new(Faulty::over(self.log.clone(), &calm));
        self.runner_over(Arc::new(LogSubscriptions::over(log)), &calm)
    }

    pub(crate) fn runner_over(
        &self,
        subscriptions: Arc<dyn Subscriptions>,
        faults: &Arc<Faults>,
    ) -> (Runner, RunnerHandle, watch::Sender<bool>) {
        let ports = RunnerPorts {
            subscriptions,
            dead_letters: Arc::new(Faulty::over(self.letters.clone(), faults)),
            clock: self.clock.clone(),
        };
        let (drain, drains) = watch::channel(false);
        let (runner, handle) =
            Runner::new(self.witness.clone(), ports, self.settings.clone(), drains);
        (runner, handle, drain)
    }

    pub(crate) fn start(&self) -> Act {
        Act::of(self.runner())
    }

    /// A runner comes, goes as far as the log, and goes.
    pub(crate) async fn play(&self) {
        let act = self.start();
        act.reaches(self.head().await).await;
        act.ends().await;
    }

    pub(crate) async fn head(&self) -> u64 {
        self.log.head().await.expect("memory does not fail").0
    }

    pub(crate) async fn parked(&self, stream: &StreamName) -> Vec<u64> {
        parked_versions(&*self.letters, stream).await
    }

    /// Asks for a replay of the motor's sequence.
    pub(crate) async fn request_replay(&self, stream: &StreamName) {
        let head =
            self.letters.sequence(NAME, stream, 1).await.expect("memory does not fail").remove(0);
        assert!(self.letters.request_replay(head.id).await.expect("memory does not fail"));
    }

    /// Returns once no replay is asked for any more.
    pub(crate) async fn replays_are_settled(&self) {
        let settled = async {
            while !self
                .letters
                .requested_replays(NAME)
                .await
                .expect("memory does not fail")
                .is_empty()
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, settled).await.expect("the replay is over one day");
    }

    /// Applied and parked are the whole log, nothing is in both, and no progress ever left anything behind.
    pub(crate) async fn account(&self, context: &str) {
        let losses = self.witness.losses.lock().expect("nobody panics with it in hand").clone();
        assert!(losses.is_empty(), "{context}: progress left {losses:?} behind");
        for event in all_of_the_log(&*self.log).await {
            let took_effect = self.diary.effects(&event.stream).contains(&event.version.0);
            let is_parked = self.parked(&event.stream).await.contains(&event.version.0);
            let id = event.id();
            assert!(took_effect || is_parked, "{context}: {id} is lost");
            assert!(!(took_effect && is_parked), "{context}: {id} took effect and is parked");
        }
    }
}

impl Act {
    pub(crate) fn of((runner, handle, drain): (Runner, RunnerHandle, watch::Sender<bool>)) -> Self {
        Self { handle, drain, task: tokio::spawn(runner.run()) }
    }

    pub(crate) async fn reaches(&self, position: u64) {
        let reached = self.handle.wait_for(GlobalPosition(position));
        timeout(PATIENCE, reached).await.expect("the runner gets there one day");
    }

    /// Drains it; gives how long that took.
    pub(crate) async fn ends(self) -> Duration {
        let told = Instant::now();
        self.drain.send_replace(true);
        let ended = timeout(PATIENCE, self.task).await.expect("the runner ends one day");
        ended.expect("the runner does not panic");
        told.elapsed()
    }
}

pub(crate) fn motor(number: u128) -> StreamName {
    StreamName::new("motor", Uuid::from_u128(number))
}

pub(crate) async fn all_of_the_log(log: &dyn EventLog) -> Vec<RecordedEvent> {
    let query = LogQuery { events_max: usize::MAX, ..LogQuery::default() };
    log.read(&query).await.expect("memory does not fail").events
}

pub(crate) async fn parked_versions(letters: &dyn DeadLetters, stream: &StreamName) -> Vec<u64> {
    let letters = letters.sequence(NAME, stream, usize::MAX).await.expect("memory does not fail");
    letters.iter().map(|letter| letter.event.version.0).collect()
}
