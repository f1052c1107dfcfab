//! One step of the processor, turned from rows into columns.

use std::collections::BTreeMap;
use std::fmt::Write;

use ports::leadership::Term;
use ports::readings::{Axis, Reading, ReadingsCommit, packed};
use sqlx::PgPool;
use uuid::Uuid;

use crate::error::{Fault, Unstorable};
use crate::moment::Moment;
use crate::numbers::integer;

const COMMIT: &str = include_str!("../../sql/readings/commit.sql");

/// The arguments of `commit_readings`, in its order.
#[derive(Default)]
pub(super) struct Columns {
    motor_ids: Vec<Uuid>,
    sensors: Vec<String>,
    axes: Vec<&'static str>,
    pub(super) at: Vec<Moment>,
    /// Which of `name_lists` it is, from 1.
    set_numbers: Vec<i32>,
    value_lists: Vec<String>,
    qualities: Vec<String>,
    resolutions: Vec<Option<f64>>,
    speeds: Vec<Option<f64>>,
    units: Vec<Option<String>>,
    amplitude_lists: Vec<Option<Vec<u8>>>,
    name_lists: Vec<String>,
    state_motor_ids: Vec<Uuid>,
    states: Vec<String>,
    commands: Vec<String>,
    checkpoint: Option<String>,
}

impl Columns {
    /// One statement cannot change a row twice, so that of several readings or states in one place the last counts.
    pub(super) fn of(commit: ReadingsCommit) -> Result<Self, Fault> {
        let mut columns = Self::default();
        let place = |reading: Reading| {
            let Reading { motor_id, sensor, axis, at, .. } = &reading;
            ((*motor_id, sensor.clone(), *axis, *at), reading)
        };
        let readings: BTreeMap<(_, _, Axis, _), Reading> =
            commit.readings.into_iter().map(place).collect();
        let mut set_numbers = BTreeMap::new();
        for reading in readings.into_values() {
            columns.push(reading, &mut set_numbers)?;
        }
        let states: BTreeMap<Uuid, String> = commit.states.into_iter().collect();
        (columns.state_motor_ids, columns.states) = states.into_iter().unzip();
        let commands = commit.outgoing.iter().map(serde_json::to_string);
        columns.commands = commands.collect::<Result<_, _>>()?;
        columns.checkpoint = commit.checkpoint.map(|checkpoint| checkpoint.0);
        Ok(columns)
    }

    fn push(
        &mut self,
        reading: Reading,
        set_numbers: &mut BTreeMap<String, i32>,
    ) -> Result<(), Fault> {
        let names: Vec<&String> = reading.features.keys().collect();
        let names = serde_json::to_string(&names)?;
        let number = match set_numbers.get(&names) {
            Some(number) => *number,
            None => {
                self.name_lists.push(names.clone());
                let number = i32::try_from(self.name_lists.len())?;
                set_numbers.insert(names, number);
                number
            }
        };
        self.set_numbers.push(number);
        self.value_lists.push(array(&reading.features)?);
        self.motor_ids.push(reading.motor_id);
        self.sensors.push(reading.sensor);
        self.axes.push(reading.axis.name());
        self.at.push(Moment(reading.at));
        self.qualities.push(serde_json::to_string(&reading.quality)?);
        let spectrum = reading.spectrum.as_ref();
        self.resolutions.push(spectrum.map(|spectrum| spectrum.resolution_hz));
        self.speeds.push(spectrum.and_then(|spectrum| spectrum.speed_rpm));
        self.amplitude_lists.push(spectrum.map(|spectrum| packed::to_bytes(&spectrum.amplitudes)));
        self.units.push(reading.spectrum.map(|spectrum| spectrum.unit));
        Ok(())
    }

    pub(super) async fn commit(
        &self,
        pool: &PgPool,
        term: Option<&Term>,
    ) -> Result<(), sqlx::Error> {
        let values = sqlx::query(COMMIT).bind(term.map(|term| &term.office));
        let values = values.bind(term.map(|term| &term.leader));
        let values = values.bind(term.map(|term| integer(term.number)));
        let values = values.bind(&self.motor_ids).bind(&self.sensors).bind(&self.axes);
        let values = values.bind(&self.at).bind(&self.set_numbers).bind(&self.value_lists);
        let values = values.bind(&self.qualities).bind(&self.resolutions).bind(&self.speeds);
        let values = values.bind(&self.units).bind(&self.amplitude_lists).bind(&self.name_lists);
        let values = values.bind(&self.state_motor_ids).bind(&self.states).bind(&self.commands);
        values.bind(&self.checkpoint).execute(pool).await.map(drop)
    }
}

/// The values in the order of their names, as the database reads an array; the shortest digits that give the same
/// number back. Other numbers than finite ones no feature has, and no JSON could tell.
fn array(features: &BTreeMap<String, f64>) -> Result<String, Unstorable> {
    let mut list = String::from("{");
    for (name, value) in features {
        if !value.is_finite() {
            return Err(Unstorable(format!("the feature {name} is no finite number")));
        }
        let separator = if list.len() > 1 { "," } else { "" };
        write!(list, "{separator}{value:e}").expect("a string takes whatever is written to it");
    }
    list.push('}');
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_in_the_order_of_their_names() {
        let features = [("b", 2.5e-300), ("a", -0.0), ("c", f64::MAX)];
        let features = features.map(|(name, value)| (name.to_owned(), value)).into();
        assert_eq!(array(&features).unwrap(), "{-0e0,2.5e-300,1.7976931348623157e308}");
        assert_eq!(array(&BTreeMap::new()).unwrap(), "{}");
    }

    #[test]
    fn what_is_no_finite_number_is_refused() {
        for value in [f64::NAN, f64::INFINITY] {
            assert!(array(&[("a".to_owned(), value)].into()).is_err());
        }
    }
}
