//! The fleet in numbers, counted by the store.

use ports::PortError;
use ports::read_models::Filter;
use ports::stream::GlobalPosition;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::fleet::Fleet;
use crate::kind::collection;
use crate::live::{ReadError, ReadSide, View};

/// The motors in service, counted.
#[derive(Default, Serialize, JsonSchema)]
pub struct FleetNumbers {
    pub motors: u64,
    pub zones: Zones,
    pub alarms: Alarms,
    /// Measuring points from which nothing comes any more.
    pub sensors_lost: u64,
}

/// How many motors are in which zone.
#[derive(Default, Serialize, JsonSchema)]
pub struct Zones {
    #[serde(rename = "A")]
    pub a: u64,
    #[serde(rename = "B")]
    pub b: u64,
    #[serde(rename = "C")]
    pub c: u64,
    #[serde(rename = "D")]
    pub d: u64,
    pub not_assessable: u64,
    /// Nothing was assessed yet.
    pub unknown: u64,
}

/// How many motors are in alarm.
#[derive(Default, Serialize, JsonSchema)]
pub struct Alarms {
    pub alarm: u64,
    pub trip: u64,
}

/// Counts the motors in service, as of `min_position` or later, and says as of when.
///
/// # Errors
/// The documents cannot be read, or have not come so far.
pub async fn count_fleet(
    read_side: &ReadSide,
    min_position: Option<GlobalPosition>,
) -> Result<(FleetNumbers, GlobalPosition), ReadError> {
    let view = read_side.at(collection::<Fleet>(0), min_position).await?;
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
    Ok((numbers, view.position))
}

async fn counted(
    read_side: &ReadSide,
    view: &View,
    field: &'static str,
) -> Result<Vec<(Option<Value>, u64)>, PortError> {
    let in_service = Filter { field: "state", equals: Value::from("in_service") };
    read_side.models().count_by(&view.collection, &[in_service], field).await
}
