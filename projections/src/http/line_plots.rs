//! Spectra of a motor as pictures: what vibrates, and in which rhythm it rings.

use axum::extract::{Path, State};
use axum::http::Uri;
use domain::motor::{MeasuringPoint, Nameplate};
use domain::time::Timestamp;
use domain::vibration::bearing::FaultOrders;
use domain::vibration::diagnosis::RecordEnvelope;
use domain::vibration::{Axis, Quantity, Unit};
use ports::readings::{Reading, SPECTRA_MAX, SpectraQuery, Spectrum};

use super::Context;
use super::answer::Answer;
use super::envelope::{UNIT, newest_envelope, newest_waveform};
use super::plots::{Asked, asked, svg, words};
use super::problem::Failure;
use super::vibration::{SPECTRUM_PARAMS, TIME, frequencies, newest_spectrum};
use crate::plot::{
    self, FrequencyMark, SpectrumPlot, Trace, WaterfallPlot, WaveformColumn, WaveformPlot,
};

/// So many multiples of a fault's frequency are marked.
const HARMONICS: u32 = 3;
/// Beyond so many times the highest fault's frequency nothing is shown: its harmonics lie below.
const SHOWN_ORDERS: f64 = 3.5;

pub(super) async fn spectrum(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Answer, Failure> {
    let Asked { params, theme, size, known } = asked(&shared, &key, &uri, &SPECTRUM_PARAMS).await?;
    let newest = newest_spectrum(&shared, known.motor.motor_id, &params).await?;
    let title = known.motor.nameplate.name;
    let line_frequency_hz = Some(known.motor.nameplate.line_frequency_hz);
    let plot = match newest {
        None => SpectrumPlot { title, theme, size, ..SpectrumPlot::default() },
        Some((reading, spectrum)) => SpectrumPlot {
            title,
            subtitle: place(&reading.sensor, reading.axis, Some(reading.at)),
            quantity: amplitude_of(&spectrum.unit),
            frequency_hz: frequencies(spectrum.amplitudes.len(), spectrum.resolution_hz),
            amplitude: spectrum.amplitudes.iter().copied().map(f64::from).collect(),
            unit: spectrum.unit,
            speed_rpm: spectrum.speed_rpm,
            line_frequency_hz,
            theme,
            size,
            ..SpectrumPlot::default()
        },
    };
    Ok(svg(plot::spectrum(&plot)).at(known.position))
}

pub(super) async fn envelope(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Answer, Failure> {
    let Asked { params, theme, size, known } = asked(&shared, &key, &uri, &SPECTRUM_PARAMS).await?;
    let newest = newest_envelope(&shared, known.motor.motor_id, &params).await?;
    let nameplate = known.motor.nameplate;
    let plot = match newest {
        None => SpectrumPlot { title: nameplate.name, ..SpectrumPlot::default() },
        Some((envelope, point)) => envelope_plot(&nameplate, envelope, &point),
    };
    let plot = SpectrumPlot { theme, size, ..plot };
    Ok(svg(plot::spectrum(&plot)).at(known.position))
}

pub(super) async fn waterfall(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Answer, Failure> {
    let names = [&SPECTRUM_PARAMS[..], &["from", "to"]].concat();
    let Asked { params, theme, size, known } = asked(&shared, &key, &uri, &names).await?;
    let title = known.motor.nameplate.name;
    let newest = newest_spectrum(&shared, known.motor.motor_id, &params).await?;
    let plot = match newest {
        None => WaterfallPlot { title, ..WaterfallPlot::default() },
        Some((reading, spectrum)) => {
            let query = SpectraQuery {
                motor_id: reading.motor_id,
                sensor: reading.sensor.clone(),
                axis: reading.axis,
                from: params.parsed("from", TIME)?,
                to: params.parsed("to", TIME)?,
                spectra_max: SPECTRA_MAX,
            };
            let readings = shared.queries.readings.spectra(&query).await?;
            WaterfallPlot {
                title,
                subtitle: place(&reading.sensor, reading.axis, None),
                quantity: amplitude_of(&spectrum.unit),
                traces: readings.into_iter().filter_map(|it| trace(it, &spectrum.unit)).collect(),
                unit: spectrum.unit,
                ..WaterfallPlot::default()
            }
        }
    };
    let plot = WaterfallPlot { theme, size, ..plot };
    Ok(svg(plot::waterfall(&plot)).at(known.position))
}

/// Amplitudes of another unit cannot stand beside these.
fn trace(reading: Reading, unit: &str) -> Option<Trace> {
    let at = reading.at;
    let Spectrum { resolution_hz, amplitudes, .. } =
        reading.spectrum.filter(|spectrum| spectrum.unit == unit)?;
    Some(Trace { at, resolution_hz, amplitude: amplitudes.into_iter().map(f64::from).collect() })
}

pub(super) async fn waveform(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Answer, Failure> {
    let Asked { params, theme, size, known } = asked(&shared, &key, &uri, &SPECTRUM_PARAMS).await?;
    let title = known.motor.nameplate.name;
    let newest = newest_waveform(&shared, known.motor.motor_id, &params).await?;
    let plot = match newest {
        None => WaveformPlot { title, ..WaveformPlot::default() },
        Some((waveform, point)) => WaveformPlot {
            title,
            subtitle: place(&point.sensor, point.axis, Some(waveform.started_at)),
            quantity: name_of(waveform.unit).to_owned(),
            unit: waveform.unit.to_string(),
            duration_s: waveform.duration_s,
            columns: waveform.columns().map(column).collect(),
            ..WaveformPlot::default()
        },
    };
    let plot = WaveformPlot { theme, size, ..plot };
    Ok(svg(plot::waveform(&plot)).at(known.position))
}

/// Where it was measured, and when, to the second.
fn place(sensor: &str, axis: Axis, at: Option<Timestamp>) -> String {
    let place = format!("{sensor}, {}", words(axis.name()));
    let Some(at) = at else { return place };
    let at = at.to_string();
    let second = at.split_once('.').map_or(&*at, |(second, _)| second);
    format!("{place}, {} UTC", second.replace('T', " "))
}

/// What the amplitudes of a spectrum in this unit are of.
fn amplitude_of(unit: &str) -> String {
    let name = unit.parse().map_or("Amplitude", name_of);
    format!("{name}, peak")
}

fn name_of(unit: Unit) -> &'static str {
    match unit.quantity() {
        Quantity::Acceleration => "Acceleration",
        Quantity::Velocity => "Velocity",
    }
}

fn column((at_s, low, high): (f64, f32, f32)) -> WaveformColumn {
    WaveformColumn { at_s, low: low.into(), high: high.into() }
}

fn envelope_plot(
    nameplate: &Nameplate,
    envelope: RecordEnvelope,
    point: &MeasuringPoint,
) -> SpectrumPlot {
    let RecordEnvelope { at, band, resolution_hz, amplitudes, shaft_hz } = envelope;
    let marks = fault_marks(nameplate, &point.sensor, shaft_hz);
    let highest_hz = marks.iter().map(|mark| mark.frequency_hz).fold(0.0, f64::max);
    let measured_hz = amplitudes.len() as f64 * resolution_hz;
    let shown_hz = highest_hz / f64::from(HARMONICS) * SHOWN_ORDERS;
    SpectrumPlot {
        title: nameplate.name.clone(),
        subtitle: format!(
            "{}; squared envelope of {:.0} to {:.0} Hz",
            place(&point.sensor, point.axis, Some(at)),
            band.low_hz,
            band.high_hz
        ),
        quantity: "Squared envelope, peak".to_owned(),
        unit: UNIT.to_owned(),
        frequency_hz: frequencies(amplitudes.len(), resolution_hz),
        amplitude: amplitudes.iter().map(|amplitude| f64::from(*amplitude)).collect(),
        frequency_hz_max: Some(shown_hz.min(measured_hz)).filter(|hz| *hz > 0.0),
        speed_rpm: Some(shaft_hz * 60.0),
        marks,
        ..SpectrumPlot::default()
    }
}

/// The frequencies of the faults of the bearings at a sensor, and of all where none has its name.
fn fault_marks(nameplate: &Nameplate, sensor: &str, shaft_hz: f64) -> Vec<FrequencyMark> {
    let known = nameplate.bearings.iter();
    let known: Vec<(&str, FaultOrders)> =
        known.filter_map(|it| Some((it.position.as_str(), it.fault_orders()?))).collect();
    let is_here = |(position, _): &&(&str, FaultOrders)| position.eq_ignore_ascii_case(sensor);
    let mut here: Vec<(&str, FaultOrders)> = known.iter().filter(is_here).copied().collect();
    if here.is_empty() {
        here = known;
    }
    let several = here.len() > 1;
    let marks = here.iter().flat_map(|(position, orders)| {
        let place = if several { format!(" {position}") } else { String::new() };
        let faults =
            [("FTF", orders.cage), ("BPFO", orders.outer_race), ("BPFI", orders.inner_race)];
        faults.map(|(name, order)| (format!("{name}{place}"), order * shaft_hz))
    });
    marks.flat_map(|(name, hz)| (1..=HARMONICS).map(move |n| harmonic(&name, hz, n))).collect()
}

fn harmonic(name: &str, hz: f64, number: u32) -> FrequencyMark {
    let label = if number == 1 { name.to_owned() } else { format!("{number}×{name}") };
    FrequencyMark { frequency_hz: hz * f64::from(number), label }
}
