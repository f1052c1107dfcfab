//! The generic routes of a projection: its documents as a list, and each by its id.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::http::header::{CACHE_CONTROL, ETAG, LINK};
use axum::routing::get;
use futures::{StreamExt, TryStreamExt, stream};
use ports::PortError;
use ports::read_models::{Cursor, Filter, Query, Sort};
use ports::stream::StreamName;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Context;
use super::answer::{Answer, JSON, REVALIDATE, UNKEPT};
use super::params::{Params, id, refused_one};
use super::past::{self, AT_TIME, AT_VERSION, Moment};
use super::problem::Failure;
use super::{cursor, readings};
use crate::kind::ProjectionKind;
use crate::live::View;
use crate::projection::{ANY, Filterable, Resource};

pub(super) const LIMIT_DEFAULT: usize = 50;
pub(crate) const LIMIT_MAX: usize = 200;
/// How many motors of a list are completed at a time.
const COMPLETED_AT_A_TIME: usize = 8;

/// `router` and the two routes of `kind`, if it has any.
pub(super) fn routes(router: Router<Context>, kind: &Arc<dyn ProjectionKind>) -> Router<Context> {
    let Some(resource) = kind.resource() else { return router };
    let (one, all) = (Arc::clone(kind), Arc::clone(kind));
    let item = async move |State(shared): State<Context>, Path(id): Path<String>, uri: Uri| {
        item(&shared, &one, resource, &id, &uri).await
    };
    let list = async move |State(shared): State<Context>, uri: Uri| {
        list(&shared, &*all, resource, &uri).await
    };
    router.route(resource.item, get(item)).route(resource.list, get(list))
}

async fn item(
    shared: &Context,
    kind: &Arc<dyn ProjectionKind>,
    resource: Resource,
    key: &str,
    uri: &Uri,
) -> Result<Answer, Failure> {
    let params = Params::of(uri, &[AT_VERSION, AT_TIME])?;
    let moment = Moment::asked(&params)?;
    let id = id(key)?;
    let min_position = params.min_position()?;
    let read_side = &shared.queries.read_side;
    let view = read_side.at(kind.collection(0), min_position).await?;
    let stream = StreamName::new(kind.categories()[0], id);
    if let Some(moment) = moment {
        let body = past::document(shared, kind, resource, &stream, moment).await?;
        let tag = format!("\"{}\"", body["version"]);
        let answer = Answer::json(&body).at(view.position).with(ETAG, tag);
        return Ok(answer.with(CACHE_CONTROL, REVALIDATE));
    }
    let body = read_side.written_document(&view, &stream, &id.to_string(), min_position).await?;
    let body =
        body.ok_or_else(|| Failure::not_found(format!("there is no {} {id}", resource.noun)))?;
    let Versioned { version } = read(&body)?;
    let body = if resource.with_readings {
        shared.completed.of(&*shared.queries.readings, id, body).await?
    } else {
        body
    };
    let answer = Answer::of(JSON, body).at(view.position).with(ETAG, format!("\"{version}\""));
    let kept = if resource.with_readings { UNKEPT } else { REVALIDATE };
    Ok(answer.with(CACHE_CONTROL, kept))
}

/// What an answer's tag is made of.
#[derive(Deserialize)]
struct Versioned {
    #[serde(default)]
    version: u64,
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, PortError> {
    serde_json::from_slice(body).map_err(|error| PortError::new("reading a document", error))
}

async fn list(
    shared: &Context,
    kind: &dyn ProjectionKind,
    resource: Resource,
    uri: &Uri,
) -> Result<Answer, Failure> {
    let mut known: Vec<&str> = resource.filters.iter().map(|filter| filter.field).collect();
    known.extend(["cursor", "limit"]);
    let params = Params::of(uri, &known)?;
    let filters = resource.filters.iter().filter_map(|filter| asked(filter, &params)).collect();
    let view = shared.queries.read_side.at(kind.collection(0), params.min_position()?).await?;
    let page = page(shared, &view, filters, resource.sort, &params).await?;
    let (bodies, next) = page;
    let completed = bodies.into_iter().map(|body| completed(shared, resource, body));
    let items: Vec<Value> =
        stream::iter(completed).buffered(COMPLETED_AT_A_TIME).try_collect().await?;
    let answer = listed(items, next.as_ref(), uri).at(view.position);
    Ok(if resource.with_readings { answer.with(CACHE_CONTROL, UNKEPT) } else { answer })
}

/// One page of documents in the order of `sort`, as `limit` and `cursor` ask for it.
pub(super) async fn page(
    shared: &Context,
    view: &View,
    filters: Vec<Filter>,
    sort: Option<Sort>,
    params: &Params,
) -> Result<(Vec<Value>, Option<Cursor>), Failure> {
    let documents_max = params.limit(LIMIT_DEFAULT, LIMIT_MAX)?;
    let foreign = || refused_one("cursor", "is not one that this list gave");
    let cursor =
        params.text("cursor").map(|text| cursor::read(text).ok_or_else(foreign)).transpose()?;
    let query = Query { filters, sort, cursor, documents_max };
    let models = shared.queries.read_side.models();
    let page = models.query(&view.collection, &query).await?;
    Ok((page.documents.into_iter().filter_map(|document| document.body).collect(), page.next))
}

/// The form of every list. Whoever keeps it asks whether it is still true.
pub(super) fn listed(items: Vec<Value>, next: Option<&Cursor>, uri: &Uri) -> Answer {
    let Some(next) = next.map(cursor::written) else {
        return Answer::json(&json!({ "items": items })).with(CACHE_CONTROL, REVALIDATE);
    };
    let kept = uri.query().unwrap_or_default().split('&');
    let mut query: Vec<&str> =
        kept.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor=")).collect();
    let cursor = format!("cursor={next}");
    query.push(&cursor);
    let link = format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"));
    let answer = Answer::json(&json!({ "items": items, "next": next })).with(LINK, link);
    answer.with(CACHE_CONTROL, REVALIDATE)
}

/// The condition that a query puts on a field, if it does.
fn asked(filterable: &Filterable, params: &Params) -> Option<Filter> {
    let value = params.text(filterable.field).or(filterable.default)?;
    if value == ANY {
        return None;
    }
    let equals = if Some(value) == filterable.unset { Value::Null } else { Value::from(value) };
    Some(Filter { field: filterable.field, equals })
}

async fn completed(
    shared: &Context,
    resource: Resource,
    mut body: Value,
) -> Result<Value, PortError> {
    if resource.with_readings {
        readings::complete(&*shared.queries.readings, &mut body).await?;
    }
    Ok(body)
}
