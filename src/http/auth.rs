//! Who asks, and whether they may.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use commands::http::Actor;
use ports::problem::Problem;
use tracing::info;

use super::observe::tell;
use crate::config::{Access, ApiKeys, Holder};

const HEADER: &str = "x-api-key";
/// How a client is told where the key belongs.
const CHALLENGE: &str = r#"ApiKey realm="atalaya", header="X-API-Key""#;
const ADMIN_FOLDER: &str = "/v1/admin/";

/// Health, docs and the dashboard's own files are open: they hold nothing of the fleet.
const OPEN_PATHS: [&str; 8] =
    ["/", "/livez", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/docs", "/ui"];
const OPEN_FOLDERS: [&str; 2] = ["/docs/", "/ui/"];

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// Somebody, where no keys are asked for.
    Anybody,
    /// Somebody without a key, where one is asked for.
    Stranger,
    /// Somebody with a key.
    Known(Holder),
}

/// What it takes to ask this; `None`: nothing. A route that nobody has thought of here takes a key too.
pub(super) fn needed(method: &Method, path: &str) -> Option<Access> {
    if OPEN_PATHS.contains(&path) || OPEN_FOLDERS.iter().any(|folder| path.starts_with(folder)) {
        return None;
    }
    Some(match *method {
        // Dead letters hold whole events, and who works on what is nobody else's business.
        _ if path.starts_with(ADMIN_FOLDER) => Access::Admin,
        Method::GET | Method::HEAD => Access::Read,
        _ => Access::Write,
    })
}

/// Notes who asks.
pub(super) async fn recognise(
    State(keys): State<Arc<ApiKeys>>,
    mut request: Request,
    next: Next,
) -> Response {
    let offered = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let asker = match offered.and_then(|offered| keys.holder(offered)) {
        _ if keys.is_empty() => Asker::Anybody,
        Some(holder) => Asker::Known(holder.clone()),
        None => Asker::Stranger,
    };
    if let Asker::Known(holder) = &asker {
        let actor = Actor(holder.name.clone());
        request.extensions_mut().insert(actor);
    }
    request.extensions_mut().insert(asker);
    next.run(request).await
}

/// Lets through who may ask this, and writes down who has changed how the system runs.
pub(super) async fn permit(request: Request, next: Next) -> Response {
    let Some(needed) = needed(request.method(), request.uri().path()) else {
        return next.run(request).await;
    };
    match request.extensions().get::<Asker>() {
        Some(Asker::Anybody) => {}
        Some(Asker::Known(holder)) if holder.access >= needed => {}
        Some(Asker::Known(holder)) => return forbidden(holder, needed),
        Some(Asker::Stranger) | None => return unauthorized(),
    }
    let is_looking = [Method::GET, Method::HEAD].contains(request.method());
    if needed == Access::Admin && !is_looking {
        audited(request, next).await
    } else {
        next.run(request).await
    }
}

/// Commands have their actor in the log of events; what an operator changes is told here.
async fn audited(request: Request, next: Next) -> Response {
    let Actor(actor) = request.extensions().get().cloned().unwrap_or_default();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    info!(actor, %method, path, status = response.status().as_u16(), "an operator asked");
    response
}

fn unauthorized() -> Response {
    let detail = "the header X-API-Key is missing, or is not a key";
    let mut response = tell(&Problem::new(401, "unauthorized", "A key is needed", detail));
    let challenge = HeaderValue::from_static(CHALLENGE);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn forbidden(holder: &Holder, needed: Access) -> Response {
    let (name, has, needed) = (&holder.name, holder.access.name(), needed.name());
    let detail = format!("the key {name} has the role {has}, and this takes the role {needed}");
    tell(&Problem::new(403, "forbidden", "Another role is needed", detail))
}
