//! Plots: read models as SVG, to look at and to paste into a report.
//!
//! Pure functions from plain structs to text: the same plot gives the same bytes. However many points come in,
//! a plot holds at most four per column of pixels, and the highest and the lowest are always among them.

mod axis;
mod decimate;
mod palette;
mod sheet;
mod spectrum;
mod text;
mod trend;
mod waterfall;
mod waveform;

pub use palette::{Theme, Tone};
pub use sheet::Size;
pub use spectrum::{FrequencyMark, SpectrumPlot, spectrum};
pub use trend::{Marker, TrendPlot, TrendPoint, ZoneBoundaries, trend};
pub use waterfall::{TRACES_MAX, Trace, WaterfallPlot, waterfall};
pub use waveform::{WaveformColumn, WaveformPlot, waveform};

/// What is drawn must be a number that an axis can hold; sensors and divisions also make others.
const MAGNITUDE_MAX: f64 = 1e30;

fn is_plottable(value: f64) -> bool {
    value.abs() <= MAGNITUDE_MAX
}
