//! Nobody asks more often than was agreed, whoever they are.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use ports::clock::Clock;
use ports::problem::Problem;
use ports::quota::{Budget, Quotas, Standing};
use tracing::warn;

use super::auth::{self, Asker};
use super::observe::tell;
use super::peer::Peer;
use crate::config::Quota;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");
const SECOND_US: u64 = 1_000_000;
/// Of those who came by no address that we know of.
const NOWHERE: &str = "nowhere";

/// What it takes to hold clients to their quota.
pub struct Rationing {
    /// Keeps the budgets.
    pub quotas: Arc<dyn Quotas>,
    /// How large they are, and where clients are.
    pub settings: Quota,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Takes the request out of its sender's budget, or refuses it.
pub(super) async fn ration(
    State(rationing): State<Arc<Rationing>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(budget) = rationing.settings.budget else { return next.run(request).await };
    let Some(client) = client(&request, &rationing.settings) else {
        return next.run(request).await;
    };
    let standing = match rationing.quotas.take(&client, budget, rationing.clock.now()).await {
        Ok(standing) => standing,
        Err(error) => {
            // Whoever asks is not to blame for that.
            warn!(reason = error.chain(), "a quota could not be looked up");
            return next.run(request).await;
        }
    };
    let mut response = match standing.admitted {
        true => next.run(request).await,
        false => refuse(&standing),
    };
    tell_standing(&mut response, budget, &standing);
    response
}

/// Under which name the sender's budget is kept; none for what is not counted: what is open to all, and vibration,
/// which sensors send all the time and which has bounds of its own. Who guesses at keys is always counted.
fn client(request: &Request, settings: &Quota) -> Option<String> {
    let (method, path) = (request.method(), request.uri().path());
    auth::needed(method, path)?;
    let is_vibration = *method == Method::POST && path.ends_with("/vibration");
    match request.extensions().get::<Asker>() {
        Some(Asker::Known(_) | Asker::Anybody) if is_vibration => None,
        Some(Asker::Known(holder)) => Some(format!("key:{}", holder.name)),
        _ => Some(match Peer::of(request, &settings.proxies) {
            Some(peer) => format!("address:{}", peer.address),
            None => NOWHERE.to_owned(),
        }),
    }
}

fn refuse(standing: &Standing) -> Response {
    let seconds = whole_seconds(standing.next_us);
    let detail = format!("nothing is left of the quota; the next request is taken in {seconds} s");
    tell(&Problem::new(429, "quota_exceeded", "Too many requests", detail).retry_after(seconds))
}

/// As the IETF's draft on `RateLimit` header fields for HTTP has it.
fn tell_standing(response: &mut Response, budget: Budget, standing: &Standing) {
    let Budget { per_minute, burst } = budget;
    let whole_after = u64::from(burst).saturating_mul(60).div_ceil(u64::from(per_minute.max(1)));
    let policy = format!(r#""average";q={per_minute};w=60, "burst";q={burst};w={whole_after}"#);
    let (left, seconds) = (standing.remaining, whole_seconds(standing.whole_us));
    let left = format!(r#""burst";r={left};t={seconds}"#);
    for (name, value) in [(POLICY, policy), (LEFT, left)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}

const fn whole_seconds(us: u64) -> u64 {
    us.div_ceil(SECOND_US)
}
