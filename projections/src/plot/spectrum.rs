//! The spectrum: amplitude over frequency, with the orders of the shaft and the highest peaks named.

use plotters::element::{Circle, PathElement, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor};

use super::axis::Axis;
use super::decimate::decimate;
use super::is_plottable;
use super::palette::{Theme, Tone};
use super::sheet::{
    Area, Chart, Drawn, Flag, LABEL_PX, RIGHT_PX, Sheet, Size, columns, plain, stroke, units,
};
use super::text;

const ORDERS: [(f64, &str); 3] = [(1.0, "1×"), (2.0, "2×"), (3.0, "3×")];
const MARKS_MAX: usize = 40;
const PEAKS_MAX: usize = 5;
/// A peak below this share of the highest one is not worth a label,
const PEAK_SHARE_MIN: f64 = 0.05;
/// nor is one that is no more than noise: of the amplitudes of noise one in sixty thousand is higher than four medians.
const PEAK_MEDIANS_MIN: f64 = 4.0;
const PEAK_DISTANCE_PX: i32 = 54;
const HEADROOM: f64 = 1.18;

/// A frequency to look for, such as a bearing's.
#[derive(Clone, Debug, PartialEq)]
pub struct FrequencyMark {
    pub frequency_hz: f64,
    pub label: String,
}

/// What a spectrum shows: `frequency_hz` and `amplitude` go in pairs; what is not finite is left out.
#[derive(Clone, Debug, Default)]
pub struct SpectrumPlot {
    pub title: String,
    pub subtitle: String,
    /// What is plotted, such as `Velocity amplitude`.
    pub quantity: String,
    pub unit: String,
    pub frequency_hz: Vec<f64>,
    pub amplitude: Vec<f64>,
    /// Shown up to here; without it, up to the highest frequency there is.
    pub frequency_hz_max: Option<f64>,
    /// Marks 1×, 2× and 3×.
    pub speed_rpm: Option<f64>,
    /// Marks twice the line frequency, where a stator is heard.
    pub line_frequency_hz: Option<f64>,
    pub marks: Vec<FrequencyMark>,
    pub theme: Theme,
    pub size: Size,
}

/// The spectrum as SVG.
pub fn spectrum(plot: &SpectrumPlot) -> String {
    let points = pairs(plot);
    let x = Axis::numbers(0.0, frequency_hz_max(plot, &points), plot.size.x_ticks());
    let y = Axis::numbers(0.0, amplitude_max(&points), plot.size.y_ticks());
    let flags = flags(plot, &x);
    let palette = plot.theme.palette();
    let sheet = Sheet {
        size: plot.size,
        palette,
        title: &plot.title,
        subtitle: &plot.subtitle,
        x_name: "Frequency (Hz)".to_owned(),
        y_name: format!("{} ({})", plot.quantity, text::unit(&plot.unit)),
        right_px: RIGHT_PX,
    };
    sheet.render(
        (x, y),
        |_| Ok(()),
        |area, chart| {
            sheet.flags(area, chart, &flags)?;
            if points.is_empty() {
                return sheet.message(area, chart, "no data yet");
            }
            let x = chart.x_range();
            let kept = decimate(&points, (x.start, x.end), columns(chart));
            let peaks = peaks(chart, &kept, PEAK_MEDIANS_MIN * median(&points));
            chart.plotting_area().draw(&PathElement::new(kept, stroke(palette.line, 1.25)))?;
            name_peaks(area, chart, &peaks, palette.line, palette.ink)
        },
    )
}

fn pairs(plot: &SpectrumPlot) -> Vec<(f64, f64)> {
    let upper = plot.frequency_hz_max.filter(|hz| *hz > 0.0).unwrap_or(f64::INFINITY);
    let all = plot.frequency_hz.iter().copied().zip(plot.amplitude.iter().copied());
    let mut shown: Vec<(f64, f64)> = all
        .filter(|(hz, amplitude)| is_plottable(*hz) && is_plottable(*amplitude))
        .filter(|(hz, _)| (0.0..=upper).contains(hz))
        .map(|(hz, amplitude)| (hz, amplitude.max(0.0)))
        .collect();
    if !shown.is_sorted_by(|one, next| one.0 <= next.0) {
        shown.sort_by(|one, next| one.0.total_cmp(&next.0));
    }
    shown
}

fn frequency_hz_max(plot: &SpectrumPlot, points: &[(f64, f64)]) -> f64 {
    let asked = plot.frequency_hz_max.filter(|hz| *hz > 0.0 && is_plottable(*hz));
    let highest = points.last().map(|point| point.0).filter(|hz| *hz > 0.0);
    asked.or(highest).unwrap_or(1_000.0)
}

fn amplitude_max(points: &[(f64, f64)]) -> f64 {
    let highest = points.iter().map(|point| point.1).fold(0.0, f64::max) * HEADROOM;
    if highest > f64::MIN_POSITIVE { highest } else { 1.0 }
}

/// Orders, twice the line frequency and the marks asked for, in the order of the axis.
fn flags(plot: &SpectrumPlot, x: &Axis) -> Vec<Flag> {
    let palette = plot.theme.palette();
    let shaft_hz = plot.speed_rpm.filter(|rpm| *rpm > 0.0).map(|rpm| rpm / 60.0);
    let orders = ORDERS
        .iter()
        .filter_map(|(order, name)| Some((shaft_hz? * order, (*name).to_owned(), Tone::Neutral)));
    let line = plot.line_frequency_hz.filter(|hz| *hz > 0.0);
    let stator = line.map(|hz| (hz * 2.0, "2×LF".to_owned(), Tone::Warning));
    let marks = plot.marks.iter().take(MARKS_MAX);
    let marks = marks
        .map(|mark| (mark.frequency_hz, text::fitted(&mark.label, LABEL_PX, 90.0), Tone::Critical));
    let mut flags: Vec<Flag> = orders
        .chain(stator)
        .chain(marks)
        .filter(|(hz, ..)| x.contains(*hz))
        .map(|(hz, label, tone)| Flag { x: hz, label, colour: palette.tone(tone) })
        .collect();
    flags.sort_by(|one, next| one.x.total_cmp(&next.x));
    flags
}

fn median(points: &[(f64, f64)]) -> f64 {
    let mut amplitudes: Vec<f64> = points.iter().map(|point| point.1).collect();
    let middle = amplitudes.len() / 2;
    if amplitudes.is_empty() {
        0.0
    } else {
        *amplitudes.select_nth_unstable_by(middle, f64::total_cmp).1
    }
}

/// The highest peaks, far enough apart for their names and above the noise; the highest first.
fn peaks(chart: &Chart<'_>, points: &[(f64, f64)], noise: f64) -> Vec<(f64, f64)> {
    let highest = points.iter().map(|point| point.1).fold(0.0, f64::max);
    let least = noise.max(highest * PEAK_SHARE_MIN);
    let summits = points.windows(3).filter(|near| near[0].1 < near[1].1 && near[1].1 >= near[2].1);
    let mut summits: Vec<(f64, f64)> =
        summits.map(|near| near[1]).filter(|peak| peak.1 >= least).collect();
    summits.sort_by(|one, next| next.1.total_cmp(&one.1));
    let mut named: Vec<(f64, f64)> = Vec::new();
    for peak in summits {
        let x = chart.backend_coord(&peak).0;
        let clear = named
            .iter()
            .all(|other| (chart.backend_coord(other).0 - x).abs() >= units(PEAK_DISTANCE_PX));
        if clear && named.len() < PEAKS_MAX {
            named.push(peak);
        }
    }
    named
}

fn name_peaks(
    area: &Area<'_>,
    chart: &Chart<'_>,
    peaks: &[(f64, f64)],
    dot: RGBColor,
    ink: RGBColor,
) -> Drawn {
    let right_edge = chart.plotting_area().get_pixel_range().0.end;
    for peak in peaks {
        let (x, y) = chart.backend_coord(peak);
        area.draw(&Circle::new((x, y), units(3), dot.filled()))?;
        let name = format!("{:.1} Hz", peak.0);
        let width = units(text::width_px(&name, LABEL_PX).ceil() as i32);
        // Beyond the frame there is no room for it.
        let fits = x + units(5) + width <= right_edge;
        let (side, at) =
            if fits { (HPos::Left, x + units(5)) } else { (HPos::Right, x - units(5)) };
        let style = plain(LABEL_PX, ink).pos(Pos::new(side, VPos::Bottom));
        area.draw(&Text::new(name, (at, y - units(2)), style))?;
    }
    Ok(())
}
