//! The waveform: what the sensor felt, over time.

use plotters::element::PathElement;

use super::axis::Axis;
use super::is_plottable;
use super::palette::Theme;
use super::sheet::{Area, RIGHT_PX, Sheet, Size, stroke};
use super::text;

const HEADROOM: f64 = 1.1;

/// One column of a waveform: its time, its lowest and its highest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WaveformColumn {
    pub at_s: f64,
    pub low: f64,
    pub high: f64,
}

/// What a waveform shows; columns in the order of their times, what is not finite is left out.
#[derive(Clone, Debug, Default)]
pub struct WaveformPlot {
    pub title: String,
    pub subtitle: String,
    /// What is plotted, such as `Acceleration`.
    pub quantity: String,
    pub unit: String,
    pub duration_s: f64,
    pub columns: Vec<WaveformColumn>,
    pub theme: Theme,
    pub size: Size,
}

/// The waveform as SVG.
pub fn waveform(plot: &WaveformPlot) -> String {
    let usable = |it: &&WaveformColumn| [it.at_s, it.low, it.high].into_iter().all(is_plottable);
    let columns: Vec<&WaveformColumn> = plot.columns.iter().filter(usable).collect();
    let known_s = is_plottable(plot.duration_s) && plot.duration_s > 0.0;
    let x = Axis::numbers(0.0, if known_s { plot.duration_s } else { 1.0 }, plot.size.x_ticks());
    let reach = columns.iter().map(|it| it.low.abs().max(it.high.abs())).fold(0.0, f64::max);
    let reach = if reach > f64::MIN_POSITIVE { reach * HEADROOM } else { 1.0 };
    let palette = plot.theme.palette();
    let sheet = Sheet {
        size: plot.size,
        palette,
        title: &plot.title,
        subtitle: &plot.subtitle,
        x_name: "Time (s)".to_owned(),
        y_name: format!("{} ({})", plot.quantity, text::unit(&plot.unit)),
        right_px: RIGHT_PX,
    };
    sheet.render(
        (x, Axis::numbers(-reach, reach, plot.size.y_ticks())),
        |_| Ok(()),
        |area: &Area<'_>, chart| {
            if columns.is_empty() {
                return sheet.message(area, chart, "no data yet");
            }
            let line = columns.iter().flat_map(|it| [(it.at_s, it.low), (it.at_s, it.high)]);
            let line: Vec<(f64, f64)> = line.collect();
            chart.plotting_area().draw(&PathElement::new(line, stroke(palette.line, 1.0)))
        },
    )
}
