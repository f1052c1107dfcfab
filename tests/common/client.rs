//! A small client of the public HTTP API.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

const ANSWER_S_MAX: u64 = 30;

/// Talks to one server.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

/// A request that can be sent again just as it was.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Bytes::new() }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string())
    }

    pub(crate) fn bytes(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The key under which it is a command that is carried out once, and the conversation that its events belong to.
    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key).header("x-correlation-id", key)
    }
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy();
        let http = http.timeout(Duration::from_secs(ANSWER_S_MAX)).build();
        Self { http: http.expect("a client can be made"), url: url.to_owned() }
    }

    /// The answer; an error when there was none.
    pub(crate) async fn try_send(&self, request: &Request) -> reqwest::Result<Answer> {
        let mut builder = self.request(request.method.clone(), &request.path);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        Answer::of(builder.body(request.body.clone())).await
    }

    pub(crate) async fn send(&self, request: &Request) -> Answer {
        let answer = self.try_send(request).await;
        answer.unwrap_or_else(|error| {
            panic!("no answer to {} {}: {error:?}", request.method, request.path)
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(&Request::get(path)).await
    }

    /// The body of an answer that must be a success.
    pub(crate) async fn json(&self, path: &str) -> Value {
        self.get(path).await.success().json()
    }

    /// For what [`Request`] cannot say.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, body: response.bytes().await? })
    }

    pub(crate) fn success(self) -> Self {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.text());
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        let read = serde_json::from_slice(&self.body);
        read.unwrap_or_else(|error| {
            panic!("{error} in the answer {}: {}", self.status, self.text())
        })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A number in the body, such as `version`.
    pub(crate) fn number(&self, name: &str) -> u64 {
        let found = self.json()[name].as_u64();
        found.unwrap_or_else(|| panic!("no number `{name}` in {}: {}", self.status, self.text()))
    }
}
