//! What is kept of a judgement: features by name, flags, and the spectrum.

use std::collections::BTreeMap;

use domain::motor::MeasuringPoint;
use domain::time::Timestamp;
use domain::vibration::{
    Assessment, Condition, Examination, Features, Quality, Quantity, Spectrum as Lines, Unit,
    Window, order_velocities,
};
use ports::readings::{Reading, Spectrum};
use uuid::Uuid;

/// Up to there the lines of a spectrum are kept: twice the band of severity.
const SPECTRUM_HZ_MAX: f64 = 2_000.0;
/// So many lines at most. With the four seconds that slow machines need, that is still the whole band of severity.
const SPECTRUM_LINES_MAX: usize = 4_096;

/// What a window tells.
pub(super) fn of_window(
    motor_id: Uuid,
    point: &MeasuringPoint,
    window: &Window,
    examined: &Examination<'_>,
    line_frequency_hz: f64,
) -> Reading {
    let spectrum = examined.spectrum.map(|lines| spectrum(window, &lines));
    let (at, speed_rpm) = (window.ended_at(), window.speed_rpm);
    let mut reading = of_assessment(motor_id, point, at, &examined.assessment, speed_rpm);
    let is_judged = matches!(examined.assessment, Assessment::Condition(_));
    if let (true, Some(lines), Some(rpm)) = (is_judged, examined.spectrum, speed_rpm) {
        let orders = order_velocities(&lines, window.unit, rpm / 60.0, line_frequency_hz);
        let finite = orders.into_iter().filter(|(_, value)| value.is_finite());
        reading.features.extend(finite.map(|(name, value)| (name.to_owned(), value)));
    }
    Reading { spectrum, ..reading }
}

/// What a judgement tells, without a spectrum.
pub(super) fn of_assessment(
    motor_id: Uuid,
    point: &MeasuringPoint,
    at: Timestamp,
    assessment: &Assessment,
    speed_rpm: Option<f64>,
) -> Reading {
    let mut features = BTreeMap::new();
    features.extend(speed_rpm.map(|rpm| ("speed_rpm".to_owned(), rpm)));
    let mut quality = Vec::new();
    match assessment {
        Assessment::Condition(condition) => {
            describe(condition, &mut features);
            quality.extend(names(&condition.quality));
        }
        Assessment::NotAssessable { reason, quality: found } => {
            quality.extend(names(found));
            // A flat line is a flag and a reason at once.
            if !quality.iter().any(|name| name == reason.code()) {
                quality.push(reason.code().to_owned());
            }
        }
    }
    features.retain(|_, value| value.is_finite());
    let MeasuringPoint { sensor, axis } = point.clone();
    Reading { motor_id, sensor, axis, at, features, quality, spectrum: None }
}

/// The amplitudes of the mean-free signal carry the quantity in their name: `acceleration_peak_m_s2`.
fn describe(condition: &Condition, features: &mut BTreeMap<String, f64>) {
    let mut put = |name: String, value: f64| features.insert(name, value);
    put("velocity_rms_mm_s".to_owned(), condition.velocity_rms_mm_s);
    if let Some(displacement_rms_um) = condition.displacement_rms_um {
        put("displacement_rms_um".to_owned(), displacement_rms_um);
    }
    let Some(of_samples) = &condition.features else { return };
    let Features { std, peak, peak_to_peak, crest, kurtosis, skewness, shape, impulse, .. } =
        *of_samples;
    let (quantity, unit) = match condition.features_unit.quantity() {
        Quantity::Acceleration => ("acceleration", "m_s2"),
        Quantity::Velocity => ("velocity", "mm_s"),
    };
    // The whole signal's, which for a velocity is another number than that of the band above.
    put(format!("{quantity}_wideband_rms_{unit}"), std);
    put(format!("{quantity}_peak_{unit}"), peak);
    put(format!("{quantity}_peak_to_peak_{unit}"), peak_to_peak);
    let ratios = [
        ("crest", crest),
        ("kurtosis", kurtosis),
        ("skewness", skewness),
        ("shape", shape),
        ("impulse", impulse),
    ];
    for (name, value) in ratios {
        put(name.to_owned(), value);
    }
}

fn names(quality: &Quality) -> Vec<String> {
    let names = serde_json::to_value(quality).and_then(serde_json::from_value);
    names.expect("flags are written as names")
}

fn spectrum(window: &Window, lines: &Lines<'_>) -> Spectrum {
    let resolution_hz = lines.resolution_hz();
    let unit = match window.unit.quantity() {
        Quantity::Acceleration => Unit::MetrePerSecondSquared,
        Quantity::Velocity => Unit::MillimetrePerSecond,
    };
    let factor = window.unit.convert(1.0, unit).expect("both measure the same quantity");
    let wanted = (SPECTRUM_HZ_MAX / resolution_hz) as usize + 1;
    let count = wanted.min(SPECTRUM_LINES_MAX).min(window.samples.len() / 2 + 1);
    let amplitudes = (0..count).map(|k| (lines.amplitude(k) * factor) as f32).collect();
    let unit = unit.to_string();
    Spectrum { resolution_hz, unit, amplitudes, speed_rpm: window.speed_rpm }
}
