//! The waterfall: spectra one behind the other, the newest in front.

use domain::time::Timestamp;
use plotters::element::{PathElement, Polygon};
use plotters::style::Color;

use super::axis::Axis;
use super::palette::{Palette, Theme};
use super::sheet::{Area, Chart, Drawn, RIGHT_PX, Sheet, Size, stroke};
use super::{is_plottable, text};

/// The most spectra of one plot; of more, some between the first and the last are left out.
pub const TRACES_MAX: usize = 32;
/// Into so many columns the frequencies go, each as its highest line: a trace is no finer than it can be seen.
const COLUMNS: usize = 320;
/// How many traces high the highest line of all is.
const OVERLAP: f64 = 3.0;

/// One spectrum; `frequency_hz` is from line to line, the first at zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub at: Timestamp,
    pub resolution_hz: f64,
    pub amplitude: Vec<f64>,
}

/// What a waterfall shows: spectra in the order of their times.
#[derive(Clone, Debug, Default)]
pub struct WaterfallPlot {
    pub title: String,
    pub subtitle: String,
    /// What is plotted, such as `Amplitude`.
    pub quantity: String,
    pub unit: String,
    pub traces: Vec<Trace>,
    /// Shown up to here; without it, up to the highest frequency there is.
    pub frequency_hz_max: Option<f64>,
    pub theme: Theme,
    pub size: Size,
}

/// The waterfall as SVG.
pub fn waterfall(plot: &WaterfallPlot) -> String {
    let traces = shown(&plot.traces);
    let upper_hz = frequency_hz_max(plot, &traces);
    let columns: Vec<_> = traces.iter().map(|trace| columns(trace, upper_hz)).collect();
    let highest = columns.iter().flatten().map(|point| point.1).fold(0.0, f64::max);
    let x = Axis::numbers(0.0, upper_hz, plot.size.x_ticks());
    let y = time_axis(&traces, plot.size);
    let palette = plot.theme.palette();
    let sheet = Sheet {
        size: plot.size,
        palette,
        title: &plot.title,
        subtitle: &subtitle(plot, highest),
        x_name: "Frequency (Hz)".to_owned(),
        y_name: "Time (UTC)".to_owned(),
        right_px: RIGHT_PX,
    };
    sheet.render(
        (x, y),
        |_| Ok(()),
        |area: &Area<'_>, chart| {
            if columns.is_empty() || highest <= 0.0 {
                return sheet.message(area, chart, "no data yet");
            }
            // From the back to the front: what stands in front hides what is behind it.
            for (i, points) in columns.iter().enumerate() {
                let foot = (columns.len() - 1 - i) as f64;
                ridge(chart, points, foot, OVERLAP / highest, palette)?;
            }
            Ok(())
        },
    )
}

/// The scale stands in words: an axis for it would have to stand at every trace.
fn subtitle(plot: &WaterfallPlot, highest: f64) -> String {
    if highest <= 0.0 {
        return plot.subtitle.clone();
    }
    let (quantity, unit) = (plot.quantity.to_lowercase(), text::unit(&plot.unit));
    format!("{}; {quantity}: {highest:.3} {unit} at the most", plot.subtitle)
}

fn shown(traces: &[Trace]) -> Vec<&Trace> {
    let usable = |trace: &&Trace| trace.resolution_hz > 0.0 && is_plottable(trace.resolution_hz);
    let usable: Vec<&Trace> = traces.iter().filter(usable).collect();
    if usable.len() <= TRACES_MAX {
        return usable;
    }
    let last = usable.len() - 1;
    (0..TRACES_MAX).map(|i| usable[i * last / (TRACES_MAX - 1)]).collect()
}

fn frequency_hz_max(plot: &WaterfallPlot, traces: &[&Trace]) -> f64 {
    let highest =
        |trace: &&Trace| trace.amplitude.len().saturating_sub(1) as f64 * trace.resolution_hz;
    let measured_hz = traces.iter().map(highest).fold(0.0, f64::max);
    let asked_hz = plot.frequency_hz_max.filter(|hz| *hz > 0.0 && is_plottable(*hz));
    let upper_hz = asked_hz.unwrap_or(measured_hz);
    if upper_hz > 0.0 && is_plottable(upper_hz) { upper_hz } else { 1_000.0 }
}

/// The highest line of each column, at the frequency where it is.
fn columns(trace: &Trace, upper_hz: f64) -> Vec<(f64, f64)> {
    let lines = trace.amplitude.iter().enumerate();
    let points: Vec<(f64, f64)> = lines
        .map(|(line, amplitude)| (line as f64 * trace.resolution_hz, amplitude.max(0.0)))
        .take_while(|(hz, _)| *hz <= upper_hz)
        .filter(|(_, amplitude)| is_plottable(*amplitude))
        .collect();
    let column = |hz: f64| (hz / upper_hz * COLUMNS as f64) as usize;
    let of_column = points.chunk_by(|one, next| column(one.0) == column(next.0));
    of_column.filter_map(|lines| lines.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))).collect()
}

fn time_axis(traces: &[&Trace], size: Size) -> Axis {
    let count = traces.len().max(1);
    let stride = count.div_ceil(size.y_ticks());
    let span_s = traces.first().zip(traces.last()).map_or(0.0, |(a, b)| b.at.seconds_since(a.at));
    // What tells them apart: minutes and seconds within an hour, else hours and minutes.
    let words = if span_s < 3_600.0 { 14..19 } else { 11..16 };
    let tick = |(i, trace): (usize, &&Trace)| {
        let name = trace.at.to_string()[words.clone()].to_owned();
        (i % stride == 0).then_some(((count - 1 - i) as f64, name))
    };
    let ticks = traces.iter().enumerate().filter_map(tick).collect();
    Axis::named(-0.2, (count - 1) as f64 + OVERLAP + 0.2, ticks)
}

fn ridge(
    chart: &mut Chart<'_>,
    points: &[(f64, f64)],
    foot: f64,
    scale: f64,
    palette: &Palette,
) -> Drawn {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(()) };
    let line: Vec<(f64, f64)> = points.iter().map(|(hz, it)| (*hz, foot + it * scale)).collect();
    let mut body = line.clone();
    body.extend([(last.0, foot), (first.0, foot)]);
    chart.plotting_area().draw(&Polygon::new(body, palette.background.mix(0.85).filled()))?;
    chart.plotting_area().draw(&PathElement::new(line, stroke(palette.line, 1.0)))
}
