//! Judges a window, with one transform of its samples.

use super::axis::Axis;
use super::condition::{Assessment, Condition, Machine, Reason, feature_unit, not_assessable};
use super::features::Features;
use super::inspection::inspect;
use super::quality::Flag;
use super::severity::combined_zone;
use super::spectrum::{Analyser, Spectrum, Taper};
use super::window::Window;

/// A judgement, and the lines from which it was made, so that nothing is transformed twice.
pub struct Examination<'a> {
    /// The judgement.
    pub assessment: Assessment,
    /// Under a Hann taper; `None` where there is no signal. A signal that cannot be judged for its
    /// low rate still has lines.
    pub spectrum: Option<Spectrum<'a>>,
}

/// Judges a window.
///
/// A clipped window is judged as far as it goes and carries its flag; bad quality then keeps it
/// from moving an alarm.
pub fn assess_window(
    analyser: &mut Analyser,
    window: &Window,
    axis: Axis,
    machine: &Machine,
) -> Assessment {
    examine_window(analyser, window, axis, machine).assessment
}

/// Judges a window as [`assess_window`] does, and hands over its lines.
pub fn examine_window<'a>(
    analyser: &'a mut Analyser,
    window: &Window,
    axis: Axis,
    machine: &Machine,
) -> Examination<'a> {
    let Window { samples, sample_rate_hz, unit, .. } = window;
    let band = machine.band();
    if *sample_rate_hz < band.sample_rate_hz_min() {
        let assessment = not_assessable(Reason::SampleRateTooLow, window.quality.clone());
        let spectrum =
            (!samples.is_empty()).then(|| analyser.spectrum(samples, *sample_rate_hz, Taper::Hann));
        return Examination { assessment, spectrum };
    }
    let unjudged = |reason, quality| {
        let assessment = not_assessable(reason, quality);
        Examination { assessment, spectrum: None }
    };
    if (samples.len() as f64) < sample_rate_hz * f64::from(band.window_s_min()) {
        return unjudged(Reason::TooShort, window.quality.clone());
    }
    let features = Features::of(samples);
    let (mean, std) = features.map_or((0.0, 0.0), |features| (features.mean, features.std));
    let mut quality = inspect(samples, mean, std).quality;
    quality.extend(&window.quality);
    let features = match features {
        Some(features) if !quality.contains(Flag::FlatLine) => features,
        _ if quality.contains(Flag::NonFinite) => {
            return unjudged(Reason::NonFinite, quality);
        }
        _ => return unjudged(Reason::FlatLine, quality),
    };
    let spectrum = analyser.spectrum_about(mean, samples, *sample_rate_hz, Taper::Hann);
    let velocity_rms_mm_s = spectrum.velocity_rms_mm_s(*unit, band);
    let displacement_rms_um = spectrum.displacement_rms_um(*unit, band);
    let boundaries = machine.boundaries(axis);
    let (features_unit, factor) = feature_unit(*unit);
    let condition = Condition {
        velocity_rms_mm_s,
        displacement_rms_um: Some(displacement_rms_um),
        zone: combined_zone(velocity_rms_mm_s, Some(displacement_rms_um), &boundaries),
        boundaries,
        features: Some(features.scaled(factor)),
        features_unit,
        quality,
    };
    Examination { assessment: Assessment::Condition(condition), spectrum: Some(spectrum) }
}
