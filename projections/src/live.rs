//! What readers see: the live generation, at a position that they may wait for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ports::PortError;
use ports::dead_letter::DeadLetters;
use ports::read_models::{Collection, Document, ReadModels};
use ports::stream::{GlobalPosition, StreamName};
use tokio::time::{Instant, sleep};

use crate::projector::handler_name;

/// For how long it is remembered which generation is live. The one before it is kept up to date, so that a reader
/// who is late by this much misses nothing.
pub(crate) const LIVE_CACHE_MS: u64 = 250;
const POLL_MS_MIN: u64 = 2;
const POLL_MS_MAX: u64 = 10;

/// How readers are served.
#[derive(Clone, Copy, Debug)]
pub struct ReadSettings {
    /// How long a reader may wait for a position.
    pub min_position_wait_ms_max: u64,
}

impl Default for ReadSettings {
    fn default() -> Self {
        Self { min_position_wait_ms_max: 2_000 }
    }
}

/// The live generations of all projections.
pub struct ReadSide {
    models: Arc<dyn ReadModels>,
    dead_letters: Arc<dyn DeadLetters>,
    settings: ReadSettings,
    live: Mutex<HashMap<&'static str, (Instant, u64)>>,
}

/// One generation, and a position up to which it holds everything that was not parked.
#[derive(Clone, Debug)]
pub struct View {
    pub collection: Collection,
    pub position: GlobalPosition,
}

/// Why a reader gets no answer. None of it is an answer from an older state.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("`{name}` has come to position {position}, not yet to {asked}")]
    Behind { name: &'static str, asked: GlobalPosition, position: GlobalPosition },
    #[error("an event of {stream} could not be folded into `{name}` and is parked")]
    Parked { name: &'static str, stream: StreamName },
    #[error("`{0}` has no documents yet")]
    NotReady(&'static str),
    #[error(transparent)]
    Unavailable(#[from] PortError),
}

impl ReadSide {
    pub fn new(
        models: Arc<dyn ReadModels>,
        dead_letters: Arc<dyn DeadLetters>,
        settings: ReadSettings,
    ) -> Self {
        Self { models, dead_letters, settings, live: Mutex::default() }
    }

    /// The store, to be asked for the collection of a [`View`].
    pub fn models(&self) -> &dyn ReadModels {
        &*self.models
    }

    /// How long a reader may wait for a position.
    pub const fn wait_ms_max(&self) -> u64 {
        self.settings.min_position_wait_ms_max
    }

    /// The live generation of a projection (whatever generation `any` names), once there is one and it holds
    /// everything up to `min_position`. The wait is bounded.
    ///
    /// # Errors
    /// [`ReadError::NotReady`] or [`ReadError::Behind`] after the wait, or the store did not answer.
    pub async fn at(
        &self,
        any: Collection,
        min_position: Option<GlobalPosition>,
    ) -> Result<View, ReadError> {
        let asked = min_position.unwrap_or_default();
        let deadline =
            Instant::now() + Duration::from_millis(self.settings.min_position_wait_ms_max);
        let mut pause = Duration::from_millis(POLL_MS_MIN);
        loop {
            // The generation is looked up anew each time: a rebuild may be quicker than the one that was live.
            let lacking = match self.view(&any).await {
                Ok(view) if view.position >= asked => return Ok(view),
                Ok(View { collection: Collection { name, .. }, position }) => {
                    ReadError::Behind { name, asked, position }
                }
                // At the first start, or just after it.
                Err(not_ready @ ReadError::NotReady(_)) => not_ready,
                Err(error) => return Err(error),
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(lacking);
            }
            sleep(pause.min(left)).await;
            pause = (pause * 2).min(Duration::from_millis(POLL_MS_MAX));
        }
    }

    /// The document of `stream` under `key`.
    ///
    /// # Errors
    /// [`ReadError::Parked`] when it lacks an event up to `min_position` that is parked; waiting would not help.
    pub async fn document(
        &self,
        view: &View,
        stream: &StreamName,
        key: &str,
        min_position: Option<GlobalPosition>,
    ) -> Result<Option<Document>, ReadError> {
        let found = self.models.get(&view.collection, &[key.to_owned()]).await?;
        let document = found.into_iter().find(|document| document.key == key);
        let position = document.as_ref().map(|document| document.position);
        self.require_whole(view, stream, position, min_position).await?;
        Ok(document.filter(|document| document.body.is_some()))
    }

    /// The body of the same document as JSON, for whoever only hands it on.
    ///
    /// # Errors
    /// As [`document`](Self::document).
    pub async fn written_document(
        &self,
        view: &View,
        stream: &StreamName,
        key: &str,
        min_position: Option<GlobalPosition>,
    ) -> Result<Option<Bytes>, ReadError> {
        let document = self.models.get_written(&view.collection, key).await?;
        let position = document.as_ref().map(|document| document.position);
        self.require_whole(view, stream, position, min_position).await?;
        Ok(document.and_then(|document| document.body))
    }

    /// A document that has not come to `min_position` must not lack an event that is parked.
    async fn require_whole(
        &self,
        view: &View,
        stream: &StreamName,
        position: Option<GlobalPosition>,
        min_position: Option<GlobalPosition>,
    ) -> Result<(), ReadError> {
        match min_position.filter(|asked| position.unwrap_or_default() < *asked) {
            Some(asked) => self.require_unparked(view, stream, asked).await,
            None => Ok(()),
        }
    }

    /// That no event of `stream` up to `asked` is parked for this view.
    ///
    /// # Errors
    /// [`ReadError::Parked`] when one is.
    pub async fn require_unparked(
        &self,
        view: &View,
        stream: &StreamName,
        asked: GlobalPosition,
    ) -> Result<(), ReadError> {
        let handler = handler_name(&view.collection);
        let first = self.dead_letters.sequence(&handler, stream, 1).await?;
        if first.iter().any(|letter| letter.event.position <= asked) {
            return Err(ReadError::Parked { name: view.collection.name, stream: stream.clone() });
        }
        Ok(())
    }

    /// The position is read first, so that the documents are never older than it says.
    async fn view(&self, any: &Collection) -> Result<View, ReadError> {
        let generation = self.live_generation(any.name).await?;
        let collection = Collection { generation, ..any.clone() };
        let progress = self.models.progress(&collection).await?;
        let position = progress.map(|progress| progress.position).unwrap_or_default();
        Ok(View { collection, position })
    }

    async fn live_generation(&self, name: &'static str) -> Result<u64, ReadError> {
        let now = Instant::now();
        let known = self.live.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied();
        if let Some((since, live)) = known
            && now - since < Duration::from_millis(LIVE_CACHE_MS)
        {
            return Ok(live);
        }
        let live = self.models.generations(name).await?.live.ok_or(ReadError::NotReady(name))?;
        self.live.lock().unwrap_or_else(PoisonError::into_inner).insert(name, (now, live));
        Ok(live)
    }
}
