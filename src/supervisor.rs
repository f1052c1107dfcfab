//! Owns the tasks of a process: tells them to drain, waits for them, and says which did not end in time.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::timeout;
use tracing::{error, info, warn};

/// The tasks of a process, and the word that ends them.
pub struct Supervisor {
    drain: watch::Sender<bool>,
    tasks: JoinSet<()>,
    names: HashMap<Id, String>,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self { drain: watch::channel(false).0, tasks: JoinSet::new(), names: HashMap::new() }
    }
}

impl Supervisor {
    /// Becomes true when it is time to finish what is in hand and end.
    pub fn drain(&self) -> watch::Receiver<bool> {
        self.drain.subscribe()
    }

    /// Runs `task` until it ends by itself, which it must not before it is told to drain.
    pub fn spawn(
        &mut self,
        name: impl Into<String>,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let handle = self.tasks.spawn(task);
        self.names.insert(handle.id(), name.into());
    }

    /// Returns the name of the first task that ends. A task that ends unasked has failed: the process should end
    /// too, so that whoever watches it starts it anew; nothing that was acknowledged is lost by that.
    pub async fn first_to_end(&mut self) -> String {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.name_of(&ended.map(|(id, ())| id)),
            None => std::future::pending().await,
        }
    }

    /// Tells all tasks to drain, and does not wait.
    pub fn stop_soon(&self) {
        self.drain.send_replace(true);
    }

    /// Tells all tasks to drain, and waits for them, at most `grace`. `false` when some had to be abandoned.
    pub async fn shut_down(mut self, grace: Duration) -> bool {
        self.drain.send_replace(true);
        let all_ended = async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                self.name_of(&ended.map(|(id, ())| id));
            }
        };
        let in_time = timeout(grace, all_ended).await.is_ok();
        if in_time {
            info!("everything has ended");
        } else {
            let late: Vec<_> = self.names.values().cloned().collect();
            warn!(tasks = late.join(", "), "abandoning what did not end in time");
        }
        in_time
    }

    fn name_of(&mut self, ended: &Result<Id, JoinError>) -> String {
        let id = ended.as_ref().map_or_else(JoinError::id, |id| *id);
        let name = self.names.remove(&id).unwrap_or_default();
        if let Err(error) = ended {
            error!(task = name, %error, "a task failed");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tasks_that_drain_end_in_time_and_others_are_abandoned() {
        let mut supervisor = Supervisor::default();
        let mut drain = supervisor.drain();
        supervisor.spawn("obedient", async move {
            let _ = drain.wait_for(|drain| *drain).await;
        });
        assert!(supervisor.shut_down(Duration::from_secs(1)).await);

        let mut supervisor = Supervisor::default();
        supervisor.spawn("deaf", std::future::pending());
        assert!(!supervisor.shut_down(Duration::from_secs(1)).await);
    }

    #[tokio::test]
    async fn a_task_that_fails_is_named() {
        let mut supervisor = Supervisor::default();
        supervisor.spawn("steady", std::future::pending());
        supervisor.spawn("shaky", async { panic!("on purpose") });
        assert_eq!(supervisor.first_to_end().await, "shaky");
    }
}
