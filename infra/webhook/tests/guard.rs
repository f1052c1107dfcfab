//! Nothing that runs on this machine or in its network hears of a callback that it was not meant to hear of.

#[path = "support/receiver.rs"]
mod receiver;

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use infra_webhook::{CallbackSettings, HttpCallbacks, Resolver, SystemResolver};
use ports::callbacks::{Callback, CallbackError, Callbacks};
use receiver::Receiver;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Answers each question with the next of its answers, and the last one for ever.
struct Scripted(Mutex<VecDeque<Vec<IpAddr>>>);

#[async_trait]
impl Resolver for Scripted {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock().expect("nothing panics with it");
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        answer.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn resolving(answers: &[&[&str]]) -> Arc<dyn Resolver> {
    let parsed = |answer: &&[&str]| -> Vec<IpAddr> {
        answer.iter().map(|address| address.parse().expect("it is an address")).collect()
    };
    Arc::new(Scripted(Mutex::new(answers.iter().map(parsed).collect())))
}

fn callbacks(allowed: &str, resolver: Arc<dyn Resolver>, call_s_max: f64) -> HttpCallbacks {
    let allowed = allowed.parse().expect("it is a list");
    let settings = CallbackSettings { allowed, call_s_max };
    HttpCallbacks::new(settings, resolver).expect("the client can be made")
}

fn to(url: impl Into<String>) -> Callback {
    Callback { url: url.into(), headers: vec![], body: Bytes::from_static(b"{}") }
}

fn is_forbidden<T>(answer: &Result<T, CallbackError>) -> bool {
    matches!(answer, Err(CallbackError::Forbidden(_)))
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_whichever_way() {
    for address in [
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.168.0.1",
        "224.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2001::1",
        "2002:7f00:1::",
        "fd00::1",
        "fe80::1",
        "ff02::1",
    ] {
        let callbacks = callbacks("", resolving(&[&[address]]), 5.0);
        let answer = callbacks.post(&to("https://hooks.example/")).await;
        assert!(is_forbidden(&answer), "{address}: {answer:?}");
    }
}

#[tokio::test]
async fn a_name_that_leads_outside_and_inside_is_refused() {
    let callbacks = callbacks("", resolving(&[&["1.1.1.1", "127.0.0.1"]]), 5.0);
    assert!(is_forbidden(&callbacks.post(&to("https://hooks.example/")).await));
}

#[tokio::test]
async fn a_name_that_is_rebound_from_an_allowed_address_to_an_internal_one_is_refused() {
    let receiver = Receiver::start().await;
    // First where it may be called, then the loopback address beside it, where the receiver listens as well.
    let resolver = resolving(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let callbacks = callbacks("127.0.0.1", resolver, 5.0);
    let url = format!("https://hooks.example:{}/200", receiver.address.port());
    let first = callbacks.post(&to(&url)).await;
    assert!(matches!(first, Err(CallbackError::Unreachable(_))), "no TLS there: {first:?}");
    assert!(is_forbidden(&callbacks.post(&to(&url)).await));
    assert_eq!(receiver.received(), []);
}

#[tokio::test]
async fn what_is_checked_is_what_is_connected_to() {
    let receiver = Receiver::start().await;
    // A second question would be answered with an address that is forbidden: nobody asks it.
    let resolver = resolving(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let callbacks = callbacks("127.0.0.1,hooks.intranet", resolver, 5.0);
    let url = format!("http://hooks.intranet:{}/200", receiver.address.port());
    assert_eq!(callbacks.post(&to(url)).await, Ok(200));
}

#[tokio::test]
async fn loopback_is_refused_before_anything_is_sent() {
    let receiver = Receiver::start().await;
    let callbacks = callbacks("", Arc::new(SystemResolver), 5.0);
    let port = receiver.address.port();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f000001", "0"] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/200");
            let answer = callbacks.post(&to(&url)).await;
            assert!(is_forbidden(&answer), "{url}: {answer:?}");
        }
    }
    assert_eq!(receiver.received(), []);
}

#[tokio::test]
async fn a_redirect_to_what_is_internal_leads_nowhere() {
    let (outer, inner) = (Receiver::start().await, Receiver::start().await);
    let callbacks = callbacks("127.0.0.1", Arc::new(SystemResolver), 5.0);
    let answer = callbacks.post(&to(outer.url(307))).await;
    assert_eq!(answer, Err(CallbackError::NotTaken(307)));
    assert_eq!((outer.received().len(), inner.received().len()), (1, 0));
}

/// Takes one connection, reads a little, writes `answer`, and then keeps the connection open.
async fn stubborn(answer: &'static [u8]) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("somebody calls");
        let mut request = [0; 1024];
        let _ = connection.read(&mut request).await;
        for chunk in answer.chunks(16_384) {
            if connection.write_all(chunk).await.is_err() {
                return;
            }
        }
        std::future::pending::<()>().await;
    });
    format!("http://{address}/")
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up() {
    let callbacks = callbacks("127.0.0.1", Arc::new(SystemResolver), 0.2);
    let answer = callbacks.post(&to(stubborn(b"").await)).await;
    assert_eq!(answer, Err(CallbackError::Unreachable("it took too long".to_owned())));
}

#[tokio::test]
async fn an_answer_without_end_is_not_waited_for() {
    let callbacks = callbacks("127.0.0.1", Arc::new(SystemResolver), 30.0);
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nand so on";
    assert_eq!(callbacks.post(&to(stubborn(head).await)).await, Ok(200));
}

#[tokio::test]
async fn a_head_without_end_is_an_error() {
    static HEAD: [u8; 4 * 1024 * 1024] = [b'x'; 4 * 1024 * 1024];
    let callbacks = callbacks("127.0.0.1", Arc::new(SystemResolver), 30.0);
    let answer = callbacks.post(&to(stubborn(&HEAD).await)).await;
    assert!(matches!(answer, Err(CallbackError::Unreachable(_))), "{answer:?}");
}

#[tokio::test]
async fn no_error_repeats_the_address() {
    let callbacks = callbacks("", resolving(&[&[]]), 5.0);
    let error = callbacks.post(&to("https://hooks.example/?token=hush")).await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hush"), "{error}");
}
