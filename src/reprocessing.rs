//! Reprocessing as it is asked for: one run at a time, those that wait and the last ones remembered.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::motor::Reprocessing as Account;
use ports::clock::Clock;
use processors::vibration::reprocess::{Progress, ReprocessRequest, Reprocessor};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tracing::{info, warn};
use uuid::Uuid;

/// So many runs may wait.
const WAITING_MAX: usize = 8;
/// So many runs are remembered.
const REMEMBERED_MAX: usize = 64;

/// The runs of this process. They end with it: what was not recorded by then was not done.
pub struct Reprocessings {
    reprocessor: Reprocessor,
    clock: Arc<dyn Clock>,
    runs: Mutex<VecDeque<Run>>,
    asked: Notify,
}

/// Too many runs wait already.
#[derive(Debug, thiserror::Error)]
#[error("{WAITING_MAX} runs wait already")]
pub struct TooMany;

struct Run {
    id: Uuid,
    request: ReprocessRequest,
    stand: Stand,
}

enum Stand {
    Waiting,
    UnderWay(watch::Receiver<Progress>),
    Done(Account, u64),
    Failed(String),
}

impl Reprocessings {
    /// Runs by `reprocessor`; `clock` gives their ids.
    pub fn new(reprocessor: Reprocessor, clock: Arc<dyn Clock>) -> Self {
        Self { reprocessor, clock, runs: Mutex::default(), asked: Notify::new() }
    }

    /// Puts a run at the end of those that wait, and gives its id.
    ///
    /// # Errors
    /// See [`TooMany`].
    pub fn ask(&self, request: ReprocessRequest) -> Result<Uuid, TooMany> {
        let mut runs = self.runs();
        let waiting = runs.iter().filter(|run| matches!(run.stand, Stand::Waiting)).count();
        if waiting >= WAITING_MAX {
            return Err(TooMany);
        }
        let id = self.clock.new_id();
        if runs.len() == REMEMBERED_MAX {
            runs.pop_front();
        }
        runs.push_back(Run { id, request, stand: Stand::Waiting });
        drop(runs);
        self.asked.notify_one();
        Ok(id)
    }

    /// The runs that are remembered, oldest first.
    pub fn list(&self) -> Vec<Value> {
        self.runs().iter().map(Run::describe).collect()
    }

    /// One of them.
    pub fn show(&self, id: Uuid) -> Option<Value> {
        self.runs().iter().find(|run| run.id == id).map(Run::describe)
    }

    /// Carries the runs out, one after another, until `drain` turns true.
    pub async fn work(self: Arc<Self>, mut drain: watch::Receiver<bool>) {
        loop {
            let work = async {
                match self.next() {
                    Some((id, request, told)) => self.carry_out(id, &request, &told).await,
                    None => self.asked.notified().await,
                }
            };
            tokio::select! {
                biased;
                _ = drain.wait_for(|draining| *draining) => return,
                () = work => {}
            }
        }
    }

    fn next(&self) -> Option<(Uuid, ReprocessRequest, watch::Sender<Progress>)> {
        let mut runs = self.runs();
        let run = runs.iter_mut().find(|run| matches!(run.stand, Stand::Waiting))?;
        let (told, progress) = watch::channel(Progress::default());
        run.stand = Stand::UnderWay(progress);
        Some((run.id, run.request.clone(), told))
    }

    async fn carry_out(
        &self,
        id: Uuid,
        request: &ReprocessRequest,
        told: &watch::Sender<Progress>,
    ) {
        let motor = request.motor_id;
        let stand = match self.reprocessor.run(id, request, told).await {
            Ok(account) => {
                info!(run = %id, %motor, samples = account.samples, "reprocessed motor {motor}");
                Stand::Done(account, told.borrow().verdicts)
            }
            Err(error) => {
                warn!(run = %id, %motor, "reprocessing motor {motor}: {error}");
                Stand::Failed(error.to_string())
            }
        };
        if let Some(run) = self.runs().iter_mut().find(|run| run.id == id) {
            run.stand = stand;
        }
    }

    fn runs(&self) -> MutexGuard<'_, VecDeque<Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    fn describe(&self) -> Value {
        let ReprocessRequest { motor_id, from, to } = &self.request;
        let mut told = json!({ "run": self.id, "motor_id": motor_id, "from": from, "to": to });
        let stand = match &self.stand {
            Stand::Waiting => json!({ "phase": "waiting" }),
            Stand::UnderWay(progress) => {
                let Progress { looked_at, judged, verdicts } = *progress.borrow();
                json!({
                    "phase": "under_way",
                    "looked_at": looked_at, "judged": judged, "verdicts": verdicts,
                })
            }
            Stand::Done(account, verdicts) => json!({
                "phase": "done",
                "judged": account.samples, "verdicts": verdicts, "account": account,
            }),
            Stand::Failed(reason) => json!({ "phase": "failed", "reason": reason }),
        };
        if let (Value::Object(told), Value::Object(stand)) = (&mut told, stand) {
            told.extend(stand);
        }
        told
    }
}
