//! Callbacks. The subject brings receivers along, which may be reached although they are on this machine.

use bytes::Bytes;

use crate::callbacks::{Callback, CallbackError, Callbacks};

/// Makes one test per clause; the subject is a [`Stage`].
#[macro_export]
macro_rules! callbacks_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { callbacks ($($subject)+)
            what_is_posted_arrives_as_it_is,
            an_answer_of_success_is_given_back,
            every_other_answer_is_an_error_that_tells_it,
            a_redirect_is_not_followed,
            nobody_there_is_an_error,
            what_is_no_address_is_forbidden,
        }
    };
}

/// Callbacks, and receivers that see what comes in.
pub trait Stage: Send + Sync {
    /// The adapter.
    fn callbacks(&self) -> &dyn Callbacks;

    /// The address of a receiver that answers with this status, and with a `Location` of one that answers 200.
    fn answering(&self, status: u16) -> String;

    /// An address at which nobody listens.
    fn nobody(&self) -> String;

    /// The receivers' requests so far: the value of the header `x-clause`, and the body.
    fn received(&self) -> Vec<(String, Bytes)>;
}

fn callback(url: String) -> Callback {
    let headers = vec![("x-clause", "a value; with=signs".to_owned())];
    Callback { url, headers, body: Bytes::from_static("{\"grüße\": 1}\n".as_bytes()) }
}

pub async fn what_is_posted_arrives_as_it_is(stage: &dyn Stage) {
    let sent = callback(stage.answering(200));
    stage.callbacks().check(&sent.url).unwrap();
    stage.callbacks().post(&sent).await.unwrap();
    assert_eq!(stage.received(), [(sent.headers[0].1.clone(), sent.body)]);
}

pub async fn an_answer_of_success_is_given_back(stage: &dyn Stage) {
    for status in [200, 202, 204] {
        let answer = stage.callbacks().post(&callback(stage.answering(status))).await;
        assert_eq!(answer, Ok(status));
    }
}

pub async fn every_other_answer_is_an_error_that_tells_it(stage: &dyn Stage) {
    for status in [304, 400, 410, 429, 500, 503] {
        let answer = stage.callbacks().post(&callback(stage.answering(status))).await;
        assert_eq!(answer, Err(CallbackError::NotTaken(status)));
    }
}

pub async fn a_redirect_is_not_followed(stage: &dyn Stage) {
    for status in [301, 302, 303, 307, 308] {
        let answer = stage.callbacks().post(&callback(stage.answering(status))).await;
        assert_eq!(answer, Err(CallbackError::NotTaken(status)));
    }
    assert_eq!(stage.received().len(), 5, "nothing came in but what was posted");
}

pub async fn nobody_there_is_an_error(stage: &dyn Stage) {
    let answer = stage.callbacks().post(&callback(stage.nobody())).await;
    assert!(matches!(answer, Err(CallbackError::Unreachable(_))), "{answer:?}");
}

pub async fn what_is_no_address_is_forbidden(stage: &dyn Stage) {
    for url in [
        "",
        "hooks.example",
        "/v1/images",
        "//hooks.example/",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://user:word@hooks.example/",
    ] {
        let checked = stage.callbacks().check(url);
        assert!(matches!(checked, Err(CallbackError::Forbidden(_))), "{url}: {checked:?}");
        let answer = stage.callbacks().post(&callback(url.to_owned())).await;
        assert!(matches!(answer, Err(CallbackError::Forbidden(_))), "{url}: {answer:?}");
    }
}
