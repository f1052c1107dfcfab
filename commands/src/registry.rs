//! Which aggregates take commands, and the door to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::aggregate::{Decide, Endpoint};
use ports::clock::Clock;
use ports::command_bus::{Accepted, CommandBus, CommandEnvelope, CommandError};
use ports::event::Metadata;
use ports::event_shape::EventShape;
use ports::event_store::{CommandKey, EventStore};
use schemars::JsonSchema;
use tokio::sync::Semaphore;

use crate::execute::{Execute, Executor, Unhandled};
use crate::idempotency::{Claims, first_answer};
use crate::settings::Settings;

type MakeExecutor = fn(&Arc<dyn EventStore>, &Arc<dyn Clock>, &Settings) -> Box<dyn Execute>;

/// The aggregates that take commands, before there is a store beneath them.
#[derive(Default)]
pub(crate) struct Catalogue {
    executors: BTreeMap<&'static str, MakeExecutor>,
    routes: Vec<Route>,
    shapes: Vec<fn() -> Vec<EventShape>>,
}

/// One command as HTTP offers it, and of which aggregate.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// `motor`
    pub category: &'static str,
    /// `motor_id`
    pub id_field: &'static str,
    /// Where, how, and with which body.
    pub endpoint: Endpoint,
}

impl Catalogue {
    /// The same, with the commands of `A`.
    pub(crate) fn aggregate<A: Decide<Event: JsonSchema> + Clone + 'static>(mut self) -> Self {
        let make: MakeExecutor =
            |store, clock, settings| Box::new(Executor::<A>::new(store, clock, settings));
        self.executors.insert(A::TYPE, make);
        self.routes.extend(A::ENDPOINTS.iter().map(|&endpoint| Route {
            category: A::TYPE,
            id_field: A::ID_FIELD,
            endpoint,
        }));
        self.shapes.push(EventShape::of::<A>);
        self
    }

    pub(crate) fn routes(&self) -> &[Route] {
        &self.routes
    }

    pub(crate) fn shapes(&self) -> Vec<EventShape> {
        self.shapes.iter().flat_map(|of_aggregate| of_aggregate()).collect()
    }

    pub(crate) fn over(
        self,
        store: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Commands {
        let make =
            |(category, make): (_, MakeExecutor)| (category, make(&store, &clock, &settings));
        let executors = self.executors.into_iter().map(make).collect();
        let in_flight = Semaphore::new(settings.commands_in_flight_max.min(Semaphore::MAX_PERMITS));
        let claims = Claims::default();
        Commands { executors, routes: self.routes, store, clock, in_flight, claims }
    }
}

/// Decides commands and records what they decide.
pub struct Commands {
    executors: BTreeMap<&'static str, Box<dyn Execute>>,
    routes: Vec<Route>,
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    in_flight: Semaphore,
    claims: Claims,
}

#[async_trait]
impl CommandBus for Commands {
    async fn send(&self, mut envelope: CommandEnvelope) -> Result<Accepted, CommandError> {
        let _permit = self.in_flight.try_acquire().map_err(|_| CommandError::Overloaded)?;
        let executor = self.executor(&envelope)?;
        self.complete(&mut envelope.metadata);
        if let Some(key) = &envelope.key {
            return self.send_once(&envelope, key).await;
        }
        executor.execute(&envelope).await.map_err(|unhandled| match unhandled {
            Unhandled::Failed(error) => error,
            Unhandled::Repeated(_) => unreachable!("only commands with a key are remembered"),
        })
    }
}

impl Commands {
    /// The commands that HTTP offers.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Decides as [`CommandBus::send`] would and records nothing. What it decides on may be out of date by what
    /// other processes have done within the last [`crate::execute::REHEARSAL_AGE_MS_MAX`] milliseconds.
    pub(crate) async fn rehearse(&self, envelope: &CommandEnvelope) -> Result<(), CommandError> {
        self.executor(envelope)?.rehearse(envelope).await
    }

    fn executor(&self, envelope: &CommandEnvelope) -> Result<&dyn Execute, CommandError> {
        let category = &envelope.stream.category;
        let executor = self.executors.get(category.as_str()).map(|executor| &**executor);
        executor.ok_or_else(|| CommandError::UnknownCategory(category.clone()))
    }

    async fn send_once(
        &self,
        envelope: &CommandEnvelope,
        key: &CommandKey,
    ) -> Result<Accepted, CommandError> {
        let _claim = self.claims.claim(key)?;
        if let Some(record) = self.store.find_command(key).await? {
            return first_answer(&*self.store, key, record).await;
        }
        let error = match self.executor(envelope)?.execute(envelope).await {
            Ok(accepted) => return Ok(accepted),
            Err(Unhandled::Repeated(record)) => {
                return first_answer(&*self.store, key, record).await;
            }
            Err(Unhandled::Failed(error)) => error,
        };
        // The same command may have been accepted elsewhere since it was looked for. Then it is its own effect to
        // which the rules say no, and its first answer is the right one.
        if depends_on_state(&error)
            && let Some(record) = self.store.find_command(key).await?
        {
            return first_answer(&*self.store, key, record).await;
        }
        Err(error)
    }

    /// A command that comes without a history of its own begins one.
    fn complete(&self, metadata: &mut Metadata) {
        let id = metadata.command_id.get_or_insert_with(|| self.clock.new_id().to_string());
        metadata.correlation_id.get_or_insert_with(|| id.clone());
        metadata.causation_id.get_or_insert_with(|| id.clone());
    }
}

fn depends_on_state(error: &CommandError) -> bool {
    matches!(
        error,
        CommandError::Rejected(_)
            | CommandError::VersionMismatch { .. }
            | CommandError::Contended { .. }
    )
}
