//! The log as a feed: a page of it, or live from a position on.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{ACCEPT, CACHE_CONTROL};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use ports::PortError;
use ports::event_log::{EventLog, LogQuery};
use ports::stream::GlobalPosition;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::timeout;

use super::Context;
use super::answer::{Answer, REVALIDATE};
use super::params::{Params, refused_one};
use super::problem::Failure;
use super::sse::{Frame, Tail, last_event_id, live};
use crate::cloud_event::{CloudEvent, TYPE_PREFIX};
use crate::live::ReadError;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;
/// How many events a live stream reads at a time.
const FRAMES_MAX: usize = 100;

/// A part of the log.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EventPage {
    events: Vec<CloudEvent>,
    /// To be asked for as `after`: everything up to here was looked at.
    next: GlobalPosition,
}

pub(super) async fn events(
    State(shared): State<Context>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let params = Params::of(&uri, &["after", "limit", "category", "type"])?;
    let limit = params.limit(LIMIT_DEFAULT, LIMIT_MAX)?;
    let mut query = query(&params)?;
    let log = &shared.queries.log;
    if let Some(asked) = params.min_position()? {
        wait_for(&shared, asked).await?;
    }
    if accepts_stream(&headers) {
        query.after = last_event_id(&headers).map_or(query.after, GlobalPosition);
        query.events_max = FRAMES_MAX;
        return live(&shared, LogTail { log: Arc::clone(log), query });
    }
    query.events_max = limit;
    let head = log.head().await?;
    let page = log.read(&query).await?;
    let events = page.events.iter().map(CloudEvent::from).collect();
    let answer = Answer::json(&EventPage { events, next: page.through }).at(head);
    Ok(answer.with(CACHE_CONTROL, REVALIDATE).into_response())
}

fn query(params: &Params) -> Result<LogQuery, Failure> {
    let after = params.parsed("after", "must be a position, a whole number")?.unwrap_or(0);
    let mut categories: Vec<String> =
        params.text("category").map(str::to_owned).into_iter().collect();
    let mut event_type = None;
    if let Some(text) = params.text("type") {
        let (category, name) = kind(text)?;
        if let Some(category) = category {
            if categories.first().is_some_and(|asked| asked != category) {
                return Err(refused_one("type", "is not of the category that is asked for"));
            }
            categories = vec![category.to_owned()];
        }
        event_type = Some(name.to_owned());
    }
    Ok(LogQuery { after: GlobalPosition(after), categories, event_type, events_max: 0 })
}

/// `atalaya.motor.registered` as the feed has it, or `registered` of any category.
fn kind(text: &str) -> Result<(Option<&str>, &str), Failure> {
    match text.strip_prefix(TYPE_PREFIX).map(|rest| rest.split_once('.')) {
        Some(Some((category, name))) => Ok((Some(category), name)),
        Some(None) => Err(refused_one("type", "must be like atalaya.motor.registered")),
        None => Ok((None, text)),
    }
}

fn accepts_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|one| {
        one.split(';')
            .next()
            .is_some_and(|name| name.trim().eq_ignore_ascii_case("text/event-stream"))
    })
}

async fn wait_for(shared: &Context, asked: GlobalPosition) -> Result<(), Failure> {
    let log = &shared.queries.log;
    let Some(before) = asked.0.checked_sub(1) else { return Ok(()) };
    let wait = Duration::from_millis(shared.queries.read_side.wait_ms_max());
    match timeout(wait, log.wait_beyond(GlobalPosition(before))).await {
        Ok(reached) => Ok(reached?),
        Err(_) => {
            let position = log.head().await?;
            Err(ReadError::Behind { name: "log", asked, position }.into())
        }
    }
}

struct LogTail {
    log: Arc<dyn EventLog>,
    query: LogQuery,
}

impl Tail for LogTail {
    async fn next(&mut self) -> Result<Option<Vec<Frame>>, PortError> {
        self.log.wait_beyond(self.query.after).await?;
        let page = self.log.read(&self.query).await?;
        self.query.after = page.through;
        Ok(Some(page.events.iter().map(|event| Frame::of(event.position.0, event)).collect()))
    }
}
