//! The fleet in numbers, counted by the store.

use axum::extract::State;
use axum::http::Uri;
use axum::http::header::CACHE_CONTROL;
use ports::PortError;
use ports::read_models::Filter;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Context;
use super::answer::{Answer, REVALIDATE};
use super::params::Params;
use super::problem::Failure;
use crate::fleet::Fleet;
use crate::kind::collection;
use crate::live::{ReadSide, View};

/// The motors in service, counted.
#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct FleetNumbers {
    motors: u64,
    zones: Zones,
    alarms: Alarms,
    /// Measuring points from which nothing comes any more.
    sensors_lost: u64,
}

#[derive(Default, Serialize, JsonSchema)]
struct Zones {
    #[serde(rename = "A")]
    a: u64,
    #[serde(rename = "B")]
    b: u64,
    #[serde(rename = "C")]
    c: u64,
    #[serde(rename = "D")]
    d: u64,
    not_assessable: u64,
    /// Nothing was assessed yet.
    unknown: u64,
}

#[derive(Default, Serialize, JsonSchema)]
struct Alarms {
    alarm: u64,
    trip: u64,
}

pub(super) async fn fleet(State(shared): State<Context>, uri: Uri) -> Result<Answer, Failure> {
    let params = Params::of(&uri, &[])?;
    let read_side = &shared.queries.read_side;
    let view = read_side.at(collection::<Fleet>(0), params.min_position()?).await?;
    let mut numbers = FleetNumbers::default();
    for (zone, motors) in counted(read_side, &view, "zone").await? {
        numbers.motors += motors;
        match zone.as_ref().and_then(Value::as_str) {
            Some("A") => numbers.zones.a += motors,
            Some("B") => numbers.zones.b += motors,
            Some("C") => numbers.zones.c += motors,
            Some("D") => numbers.zones.d += motors,
            Some("not_assessable") => numbers.zones.not_assessable += motors,
            _ => numbers.zones.unknown += motors,
        }
    }
    for (alarm, motors) in counted(read_side, &view, "alarm").await? {
        match alarm.as_ref().and_then(Value::as_str) {
            Some("alarm") => numbers.alarms.alarm += motors,
            Some("trip") => numbers.alarms.trip += motors,
            _ => {}
        }
    }
    for (lost, motors) in counted(read_side, &view, "sensors_lost").await? {
        numbers.sensors_lost += lost.as_ref().and_then(Value::as_u64).unwrap_or_default() * motors;
    }
    Ok(Answer::json(&numbers).at(view.position).with(CACHE_CONTROL, REVALIDATE))
}

async fn counted(
    read_side: &ReadSide,
    view: &View,
    field: &'static str,
) -> Result<Vec<(Option<Value>, u64)>, PortError> {
    let in_service = Filter { field: "state", equals: Value::from("in_service") };
    read_side.models().count_by(&view.collection, &[in_service], field).await
}
