//! What was asked for, and what was answered: held against the log afterwards.

use std::cell::RefCell;

use crate::common::client::{Answer, Client, Request};

/// A command that was sent under a key of its own.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) key: String,
    pub(crate) request: Request,
    /// The type of the one event that it gives: `atalaya.motor.registered`.
    pub(crate) gives: &'static str,
    /// None when the process died before it answered.
    pub(crate) answer: Option<Answer>,
}

/// All commands of a run.
#[derive(Default)]
pub(crate) struct Ledger(RefCell<Vec<Sent>>);

/// The process is gone.
pub(crate) struct Gone;

impl Ledger {
    /// Sends a command, and writes down what came back. Whatever is answered must be a success.
    pub(crate) async fn send(
        &self,
        client: &Client,
        key: String,
        request: Request,
        gives: &'static str,
    ) -> Result<Answer, Gone> {
        let request = request.key(&key);
        let answer = client.try_send(&request).await.ok().map(Answer::success);
        let sent = Sent { key, request, gives, answer: answer.clone() };
        self.0.borrow_mut().push(sent);
        answer.ok_or(Gone)
    }

    /// How many were answered.
    pub(crate) fn acknowledged(&self) -> usize {
        self.0.borrow().iter().filter(|sent| sent.answer.is_some()).count()
    }

    /// Sends every command once more, under its key. Who had an answer must get it again; the others get their first.
    pub(crate) async fn repeat(&self, client: &Client) {
        let count = self.0.borrow().len();
        for index in 0..count {
            let Sent { key, request, answer: first, .. } = self.0.borrow()[index].clone();
            let again = client.send(&request).await.success();
            if let Some(first) = first {
                assert_eq!(again.status, first.status, "{key} was answered in another way before");
                assert_eq!(again.json(), first.json(), "{key} was answered in another way before");
            }
            self.0.borrow_mut()[index].answer = Some(again);
        }
    }

    pub(crate) fn into_commands(self) -> Vec<Sent> {
        self.0.into_inner()
    }
}
