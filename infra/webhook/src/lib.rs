//! Callbacks over HTTP: to whoever can be reached by everybody, and to nobody else.
//!
//! An address is looked at twice: as it is written, and as its name resolves. What was resolved is what is connected
//! to, each time anew, so that there is nothing in between for a name to change. There is no proxy, no redirect, no
//! cookie and no connection that is kept.

mod address;
mod allow;
mod resolve;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::callbacks::{Callback, CallbackError, Callbacks};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use crate::resolve::{Guard, Internal};

pub use allow::{ALLOWED_MAX, Allowed, AllowedError};
pub use resolve::{Resolver, SystemResolver};

/// What receivers see as `User-Agent`.
const USER_AGENT: &str = concat!("atalaya/", env!("CARGO_PKG_VERSION"));

/// How receivers are called.
#[derive(Clone, Debug, PartialEq)]
pub struct CallbackSettings {
    /// What may be called although it is internal.
    pub allowed: Allowed,
    /// For so long one call may last, from the resolution of the name to the head of the answer, in seconds. 15.
    pub call_s_max: f64,
}

impl Default for CallbackSettings {
    fn default() -> Self {
        Self { allowed: Allowed::default(), call_s_max: 15.0 }
    }
}

/// `Callbacks` over HTTP/1.1 and TLS.
pub struct HttpCallbacks {
    client: Client,
    allowed: Arc<Allowed>,
}

/// The client cannot be made: this machine has no trusted certificates, or the like.
#[derive(Debug, thiserror::Error)]
#[error("making a client for callbacks failed")]
pub struct ClientError(#[from] reqwest::Error);

impl HttpCallbacks {
    /// Calls receivers as `settings` say, found by `resolver`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn new(
        settings: CallbackSettings,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, ClientError> {
        let allowed = Arc::new(settings.allowed);
        let guard = Guard { resolver, allowed: Arc::clone(&allowed) };
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .dns_resolver(Arc::new(guard))
            .redirect(Policy::none())
            .no_proxy()
            .http1_only()
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs_f64(settings.call_s_max))
            .build()?;
        Ok(Self { client, allowed })
    }

    fn parse(&self, url: &str) -> Result<Url, CallbackError> {
        let forbidden = |reason: &str| CallbackError::Forbidden(reason.to_owned());
        let url = Url::parse(url).map_err(|_| forbidden("it is no address of https"))?;
        self.allowed.takes(&url).map_err(forbidden)?;
        Ok(url)
    }
}

#[async_trait]
impl Callbacks for HttpCallbacks {
    fn check(&self, url: &str) -> Result<(), CallbackError> {
        self.parse(url).map(drop)
    }

    async fn post(&self, callback: &Callback) -> Result<u16, CallbackError> {
        let mut request = self.client.post(self.parse(&callback.url)?);
        for (name, value) in &callback.headers {
            request = request.header(*name, value);
        }
        // The answer is dropped, and the connection with it, before its body is read: however long it is, what the
        // head of the answer takes is all that it costs, and that is bounded by the client.
        let answer =
            request.body(callback.body.clone()).send().await.map_err(|error| told(&error))?;
        let status = answer.status();
        if status.is_success() {
            Ok(status.as_u16())
        } else {
            Err(CallbackError::NotTaken(status.as_u16()))
        }
    }
}

/// Without the address, which may hold a secret of the receiver's.
fn told(error: &reqwest::Error) -> CallbackError {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(inner) = cause {
        if inner.is::<Internal>() {
            return CallbackError::Forbidden(Internal.to_string());
        }
        cause = inner.source();
    }
    let reason = if error.is_timeout() {
        "it took too long"
    } else if error.is_connect() {
        "no connection could be made"
    } else {
        "the connection was lost, or what came was no HTTP"
    };
    CallbackError::Unreachable(reason.to_owned())
}
