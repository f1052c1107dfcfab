//! Receivers that answer as they were told to.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;

use super::lock;
use crate::callbacks::{Callback, CallbackError, Callbacks};

/// Callbacks to receivers in memory: who was told nothing to answer is not there.
#[derive(Default)]
pub struct MemoryCallbacks {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    always: HashMap<String, u16>,
    next: HashMap<String, VecDeque<Result<u16, CallbackError>>>,
    received: Vec<Callback>,
}

impl MemoryCallbacks {
    /// From now on `url` answers with `status`.
    pub fn answers(&self, url: &str, status: u16) {
        lock(&self.state).always.insert(url.to_owned(), status);
    }

    /// The next calls of `url` end like this; later ones as [`answers`](Self::answers) says.
    pub fn answers_next(
        &self,
        url: &str,
        ends: impl IntoIterator<Item = Result<u16, CallbackError>>,
    ) {
        lock(&self.state).next.entry(url.to_owned()).or_default().extend(ends);
    }

    /// All that came in, in order.
    pub fn received(&self) -> Vec<Callback> {
        lock(&self.state).received.clone()
    }
}

#[async_trait]
impl Callbacks for MemoryCallbacks {
    fn check(&self, url: &str) -> Result<(), CallbackError> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let authority = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
        if authority.is_empty() || authority.contains('@') {
            return Err(CallbackError::Forbidden("it is no address of http or https".to_owned()));
        }
        Ok(())
    }

    async fn post(&self, callback: &Callback) -> Result<u16, CallbackError> {
        self.check(&callback.url)?;
        let mut state = lock(&self.state);
        let scripted = state.next.get_mut(&callback.url).and_then(VecDeque::pop_front);
        let end = match scripted {
            Some(end) => end,
            None => state
                .always
                .get(&callback.url)
                .copied()
                .ok_or_else(|| CallbackError::Unreachable("nobody is there".to_owned())),
        };
        if !matches!(end, Err(CallbackError::Forbidden(_) | CallbackError::Unreachable(_))) {
            state.received.push(callback.clone());
        }
        match end {
            Ok(status @ 200..300) => Ok(status),
            Ok(status) => Err(CallbackError::NotTaken(status)),
            Err(error) => Err(error),
        }
    }
}
