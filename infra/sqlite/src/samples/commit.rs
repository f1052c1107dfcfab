//! Writes one step of the processor.

use ports::readings::{Reading, ReadingsCommit, Spectrum, packed};
use rusqlite::{Connection, params};

use crate::error::{Fault, Unstorable};

const DROP_SPECTRUM: &str = include_str!("../../sql/samples/drop_spectrum.sql");
const NOTE_NEWEST: &str = include_str!("../../sql/samples/note_newest.sql");
const PUT_CHECKPOINT: &str = include_str!("../../sql/samples/put_checkpoint.sql");
const PUT_OUTGOING: &str = include_str!("../../sql/samples/put_outgoing.sql");
const PUT_READING: &str = include_str!("../../sql/samples/put_reading.sql");
const PUT_SPECTRUM: &str = include_str!("../../sql/samples/put_spectrum.sql");
const PUT_STATE: &str = include_str!("../../sql/samples/put_state.sql");
const TRIM_SPECTRA: &str = include_str!("../../sql/samples/trim_spectra.sql");

/// JSON has no way to write other numbers, so they are refused before anything is written.
pub(super) fn must_be_finite(commit: &ReadingsCommit) -> Result<(), Unstorable> {
    for reading in &commit.readings {
        if let Some((name, _)) = reading.features.iter().find(|(_, value)| !value.is_finite()) {
            return Err(Unstorable(format!("the feature {name} is no finite number")));
        }
    }
    Ok(())
}

pub(super) fn write(
    connection: &Connection,
    commit: &ReadingsCommit,
    spectra_per_key_max: u32,
) -> Result<(), Fault> {
    for reading in &commit.readings {
        put_reading(connection, reading)?;
        if let Some(spectrum) = &reading.spectrum {
            put_spectrum(connection, reading, spectrum, spectra_per_key_max)?;
        }
    }
    for (motor_id, state) in &commit.states {
        connection.prepare_cached(PUT_STATE)?.execute(params![motor_id.as_bytes(), state])?;
    }
    for command in &commit.outgoing {
        connection.prepare_cached(PUT_OUTGOING)?.execute([serde_json::to_string(command)?])?;
    }
    if let Some(checkpoint) = &commit.checkpoint {
        connection.prepare_cached(PUT_CHECKPOINT)?.execute([&checkpoint.0])?;
    }
    Ok(())
}

/// A reading that replaces another also takes its spectrum away.
fn put_reading(connection: &Connection, reading: &Reading) -> Result<(), Fault> {
    let (id, sensor) = (reading.motor_id.as_bytes(), &reading.sensor);
    let (axis, at) = (reading.axis.name(), reading.at.as_micros());
    let features = serde_json::to_string(&reading.features)?;
    let quality = serde_json::to_string(&reading.quality)?;
    let mut put = connection.prepare_cached(PUT_READING)?;
    put.execute(params![id, sensor, axis, at, features, quality])?;
    connection.prepare_cached(NOTE_NEWEST)?.execute(params![id, sensor, axis, at])?;
    connection.prepare_cached(DROP_SPECTRUM)?.execute(params![id, sensor, axis, at])?;
    Ok(())
}

fn put_spectrum(
    connection: &Connection,
    reading: &Reading,
    spectrum: &Spectrum,
    spectra_per_key_max: u32,
) -> Result<(), Fault> {
    let (id, sensor, axis) = (reading.motor_id.as_bytes(), &reading.sensor, reading.axis.name());
    connection.prepare_cached(PUT_SPECTRUM)?.execute(params![
        id,
        sensor,
        axis,
        reading.at.as_micros(),
        spectrum.resolution_hz,
        spectrum.unit,
        spectrum.speed_rpm,
        packed::to_bytes(&spectrum.amplitudes),
    ])?;
    let mut trim = connection.prepare_cached(TRIM_SPECTRA)?;
    trim.execute(params![id, sensor, axis, spectra_per_key_max])?;
    Ok(())
}
