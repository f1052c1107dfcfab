//! Carries a command out: load, fold, decide, append.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::aggregate::{Decide, encode};
use domain::invalid::FieldError;
use fail::fail_point;
use ports::clock::Clock;
use ports::command_bus::{Accepted, CommandEnvelope, CommandError};
use ports::event_store::{Append, AppendError, Appended, CommandRecord, EventStore};
use ports::stream::{StreamName, StreamVersion};
use tokio::time::{Instant, sleep};
use tracing::debug;

use crate::cache::Cache;
use crate::history::Folded;
use crate::lanes::Lanes;
use crate::reading;
use crate::settings::Settings;

/// By how much a state may be out of date, by what other processes did, when nothing is recorded on its account.
pub(crate) const REHEARSAL_AGE_MS_MAX: u64 = 2_000;

/// The longest pause before a command is decided for the second time; it grows with every further one.
const CONFLICT_DELAY_MS_MAX: u64 = 10;

/// The commands of one category, its type forgotten.
#[async_trait]
pub(crate) trait Execute: Send + Sync {
    /// Decides the command and records what it decides.
    async fn execute(&self, envelope: &CommandEnvelope) -> Result<Accepted, Unhandled>;

    /// Decides the command and records nothing.
    async fn rehearse(&self, envelope: &CommandEnvelope) -> Result<(), CommandError>;
}

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) enum Unhandled {
    /// It was before.
    Repeated(CommandRecord),
    Failed(CommandError),
}

impl From<CommandError> for Unhandled {
    fn from(error: CommandError) -> Self {
        Self::Failed(error)
    }
}

/// Carries out the commands of one kind of aggregate.
pub(crate) struct Executor<A> {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    cache: Cache<A>,
    lanes: Lanes,
    decide_attempts_max: u32,
}

/// What one decision asks for.
enum Decision<A: Decide> {
    /// Events, or at least the command's key.
    Record(Vec<A::Event>),
    Nothing,
    Refused(CommandError),
}

/// What became of one append.
enum Attempt {
    Recorded(Accepted),
    /// The stream has moved on, to this version.
    Outdated(StreamVersion),
}

#[async_trait]
impl<A: Decide + Clone + 'static> Execute for Executor<A> {
    async fn execute(&self, envelope: &CommandEnvelope) -> Result<Accepted, Unhandled> {
        let stream = &envelope.stream;
        reading::command::<A::Command>(&envelope.command).map_err(malformed)?;
        let _turn = self.lanes.turn(stream.id).await;
        let known = self.cache.get(stream.id);
        let mut proven = known.is_none();
        let mut aggregate = match known {
            Some(known) => known.folded,
            None => self.read_on(stream, Arc::default()).await?,
        };
        let mut conflicts = 0;
        loop {
            // An append proves that the decision was made on the present state. What appends nothing, or says no,
            // is proven by reading on.
            match decide(envelope, &aggregate) {
                Decision::Record(events) => {
                    match self.append(envelope, &aggregate, events).await? {
                        Attempt::Recorded(accepted) => return Ok(accepted),
                        Attempt::Outdated(actual) if envelope.expected.is_some() => {
                            return Err(CommandError::VersionMismatch { actual }.into());
                        }
                        Attempt::Outdated(_) => {
                            conflicts += 1;
                            self.pause_after(conflicts, stream).await?;
                        }
                    }
                }
                Decision::Nothing if proven => return Ok(unchanged(stream, &aggregate)),
                Decision::Refused(error) if proven => return Err(error.into()),
                Decision::Nothing | Decision::Refused(_) => {}
            }
            aggregate = self.read_on(stream, aggregate).await?;
            proven = true;
        }
    }

    async fn rehearse(&self, envelope: &CommandEnvelope) -> Result<(), CommandError> {
        let age_max = Duration::from_millis(REHEARSAL_AGE_MS_MAX);
        let known = self.cache.get(envelope.stream.id);
        if let Some(known) = &known
            && known.seen_at.elapsed() < age_max
            && let Decision::Record(_) | Decision::Nothing = decide(envelope, &known.folded)
        {
            return Ok(());
        }
        let folded = known.map(|known| known.folded).unwrap_or_default();
        let folded = self.read_on(&envelope.stream, folded).await?;
        match decide(envelope, &folded) {
            Decision::Refused(error) => Err(error),
            Decision::Record(_) | Decision::Nothing => Ok(()),
        }
    }
}

impl<A: Decide + Clone> Executor<A> {
    pub(crate) fn new(
        store: &Arc<dyn EventStore>,
        clock: &Arc<dyn Clock>,
        settings: &Settings,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            cache: Cache::new(settings.aggregates_cached_max),
            lanes: Lanes::new(),
            decide_attempts_max: settings.decide_attempts_max,
        }
    }

    /// The aggregate as it is now, given what was known of it.
    async fn read_on(
        &self,
        stream: &StreamName,
        mut known: Arc<Folded<A>>,
    ) -> Result<Arc<Folded<A>>, CommandError> {
        let seen_at = Instant::now();
        Arc::make_mut(&mut known).catch_up(&*self.store, stream).await?;
        self.cache.put(stream.id, Arc::clone(&known), seen_at);
        Ok(known)
    }

    async fn append(
        &self,
        envelope: &CommandEnvelope,
        aggregate: &Arc<Folded<A>>,
        decided: Vec<A::Event>,
    ) -> Result<Attempt, Unhandled> {
        let stream = &envelope.stream;
        let events: Vec<_> = decided.iter().map(encode).collect();
        let append = Append {
            stream: stream.clone(),
            expected: aggregate.version,
            events: events.clone(),
            metadata: envelope.metadata.clone(),
            key: envelope.key.clone(),
        };
        // Whatever becomes of the append, no state of before it stays behind.
        self.cache.forget(stream.id);
        fail_point!("command-before-append");
        let Appended { version, position } = match self.store.append(append).await {
            Ok(appended) => appended,
            Err(AppendError::Conflict { actual, .. }) => return Ok(Attempt::Outdated(actual)),
            Err(AppendError::Repeated(record)) => return Err(Unhandled::Repeated(record)),
            Err(AppendError::Unavailable(error)) => return Err(CommandError::from(error).into()),
        };
        fail_point!("command-after-append");
        let mut next = Folded { state: aggregate.state.clone(), version, position };
        decided.into_iter().for_each(|event| next.state.apply(event));
        self.cache.put(stream.id, Arc::new(next), Instant::now());
        let stream = stream.clone();
        let accepted = Accepted { stream, version, position, events, repeated: false };
        Ok(Attempt::Recorded(accepted))
    }

    /// Gives way to those who keep changing the aggregate, or gives up.
    async fn pause_after(&self, conflicts: u32, stream: &StreamName) -> Result<(), CommandError> {
        if conflicts >= self.decide_attempts_max {
            return Err(CommandError::Contended { attempts: conflicts });
        }
        debug!(%stream, conflicts, "{stream} has changed meanwhile; deciding again");
        let delay_ms_max = CONFLICT_DELAY_MS_MAX * u64::from(conflicts);
        // The end of a new id is as good as a die.
        let (_, random) = self.clock.new_id().as_u64_pair();
        sleep(Duration::from_millis(random % (delay_ms_max + 1))).await;
        Ok(())
    }
}

/// The rules come first: a precondition only matters for what would have been done otherwise (RFC 9110, 13.2.1).
fn decide<A: Decide>(envelope: &CommandEnvelope, aggregate: &Folded<A>) -> Decision<A> {
    let command = match reading::command(&envelope.command) {
        Ok(command) => command,
        Err(fault) => return Decision::Refused(malformed(fault)),
    };
    let events = match aggregate.state.decide(command) {
        Ok(events) => events,
        Err(rejection) => return Decision::Refused(rejection.into()),
    };
    let actual = aggregate.version;
    if envelope.expected.is_some_and(|expected| expected != actual) {
        return Decision::Refused(CommandError::VersionMismatch { actual });
    }
    if events.is_empty() && envelope.key.is_none() {
        return Decision::Nothing;
    }
    Decision::Record(events)
}

fn malformed(fault: FieldError) -> CommandError {
    CommandError::Malformed(vec![fault])
}

fn unchanged<A>(stream: &StreamName, aggregate: &Folded<A>) -> Accepted {
    Accepted {
        stream: stream.clone(),
        version: aggregate.version,
        position: aggregate.position,
        events: Vec::new(),
        repeated: false,
    }
}
