//! The trend: one feature over time, above the zones and limits that judge it.

use domain::time::Timestamp;
use plotters::element::{Circle, DashedPathElement, PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor};

use super::axis::Axis;
use super::decimate::decimate;
use super::is_plottable;
use super::palette::{Palette, Theme, Tone};
use super::sheet::{
    Area, Chart, Drawn, Flag, LABEL_PX, RIGHT_PX, RIGHT_PX_LIMITS, Sheet, Size, bold, columns,
    stroke, units,
};
use super::text;

/// A plot of less time than this would tell nothing but noise of the clock.
const SPAN_S_MIN: f64 = 5.0;
/// With no point and no range asked for, the axis still shows an hour.
const SPAN_S_EMPTY: f64 = 3_600.0;
const ZONE_STRIP_PX: i32 = 16;
const MARKERS_MAX: usize = 200;
/// Room above the highest thing shown.
const HEADROOM: f64 = 1.12;
/// A limit this many times above the highest value is told in words alone.
const LIMIT_REACH: f64 = 4.0;
/// A silence is a gap in the line when it is this many times the usual distance of points …
const GAP_FACTOR: f64 = 5.0;
/// … and at least this share of the width; narrower ones could not be seen.
const GAP_SHARE_MIN: f64 = 1.0 / 40.0;

/// One value of the feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrendPoint {
    pub at: Timestamp,
    pub value: f64,
}

/// The upper ends of zones A, B and C, in the unit of the plot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZoneBoundaries {
    pub a_b: f64,
    pub b_c: f64,
    pub c_d: f64,
}

/// Something that happened at a moment, such as a change of zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    pub at: Timestamp,
    pub label: String,
    pub tone: Tone,
}

/// What a trend shows; points in any order, what is not finite is left out.
#[derive(Clone, Debug, Default)]
pub struct TrendPlot {
    pub title: String,
    pub subtitle: String,
    /// What is plotted, such as `Velocity RMS`.
    pub quantity: String,
    pub unit: String,
    pub points: Vec<TrendPoint>,
    /// The time shown; without it, the time of the points.
    pub range: Option<(Timestamp, Timestamp)>,
    pub zones: Option<ZoneBoundaries>,
    pub alarm_limit: Option<f64>,
    pub trip_limit: Option<f64>,
    pub markers: Vec<Marker>,
    pub theme: Theme,
    pub size: Size,
}

/// The trend as SVG.
pub fn trend(plot: &TrendPlot) -> String {
    let (from, to) = shown_range(plot);
    let points = seconds_after(from, to, &plot.points);
    let x = Axis::time(from, to, plot.size.x_ticks());
    let timeless = points.is_empty() && plot.range.is_none();
    let x = if timeless { x.without_ticks() } else { x };
    let y = value_axis(plot, &points);
    let sheet = Sheet {
        size: plot.size,
        palette: plot.theme.palette(),
        title: &plot.title,
        subtitle: &plot.subtitle,
        x_name: if timeless { "Time (UTC)".to_owned() } else { time_name(from, to) },
        y_name: format!("{} ({})", plot.quantity, text::unit(&plot.unit)),
        right_px: right_px(plot),
    };
    sheet.render(
        (x, y),
        |chart| bands(chart, plot),
        |area, chart| {
            limits(area, chart, plot)?;
            zone_letters(area, chart, plot)?;
            sheet.flags(area, chart, &flags(plot, from, to))?;
            if points.is_empty() {
                return sheet.message(area, chart, "no data yet");
            }
            curve(chart, &points, sheet.palette.line)
        },
    )
}

fn right_px(plot: &TrendPlot) -> i32 {
    match (plot.alarm_limit, plot.trip_limit) {
        (None, None) => RIGHT_PX,
        _ => RIGHT_PX_LIMITS,
    }
}

fn shown_range(plot: &TrendPlot) -> (Timestamp, Timestamp) {
    let times =
        || plot.points.iter().filter(|point| is_plottable(point.value)).map(|point| point.at);
    let (from, to) = plot.range.or_else(|| times().min().zip(times().max())).unwrap_or_else(|| {
        let origin = Timestamp::from_micros(0);
        (origin, origin.plus_seconds(SPAN_S_EMPTY))
    });
    let lacking_s = SPAN_S_MIN - to.seconds_since(from);
    if lacking_s > 0.0 {
        return (from.plus_seconds(-SPAN_S_MIN / 2.0), from.plus_seconds(SPAN_S_MIN / 2.0));
    }
    (from, to)
}

fn seconds_after(from: Timestamp, to: Timestamp, points: &[TrendPoint]) -> Vec<(f64, f64)> {
    let mut shown: Vec<(f64, f64)> = points
        .iter()
        .filter(|point| is_plottable(point.value) && (from..=to).contains(&point.at))
        .map(|point| (point.at.seconds_since(from), point.value))
        .collect();
    if !shown.is_sorted_by(|one, next| one.0 <= next.0) {
        shown.sort_by(|one, next| one.0.total_cmp(&next.0));
    }
    shown
}

/// From zero (or the lowest value) to where the highest value and the next zone above it can be seen.
fn value_axis(plot: &TrendPlot, points: &[(f64, f64)]) -> Axis {
    let lowest = points.iter().map(|point| point.1).fold(0.0, f64::min);
    let highest = points.iter().map(|point| point.1).fold(0.0, f64::max);
    let limits = [plot.alarm_limit, plot.trip_limit].into_iter().flatten();
    let reach = match points {
        [] => f64::INFINITY,
        _ => highest * LIMIT_REACH,
    };
    let shown_limit =
        limits.filter(|limit| is_plottable(*limit) && *limit <= reach).fold(0.0, f64::max);
    let next_zone =
        boundaries(plot).into_iter().find(|boundary| *boundary > highest || points.is_empty());
    let upper = highest.max(shown_limit).max(next_zone.unwrap_or_default()) * HEADROOM;
    let upper = if upper - lowest > 0.0 { upper } else { 1.0 };
    Axis::numbers(lowest * HEADROOM, upper, plot.size.y_ticks())
}

fn boundaries(plot: &TrendPlot) -> Vec<f64> {
    let zones = plot
        .zones
        .filter(|zones| 0.0 < zones.a_b && zones.a_b <= zones.b_c && zones.b_c <= zones.c_d);
    let zones = zones.filter(|zones| is_plottable(zones.c_d));
    zones.map(|zones| vec![zones.a_b, zones.b_c, zones.c_d]).unwrap_or_default()
}

/// The visible part of each zone: its number, its lower and its upper end.
fn visible_zones(chart: &Chart<'_>, plot: &TrendPlot) -> Vec<(usize, f64, f64)> {
    let top = chart.y_range().end;
    let mut ends = boundaries(plot);
    if ends.is_empty() {
        return Vec::new();
    }
    ends.push(f64::INFINITY);
    let starts = std::iter::once(0.0).chain(ends.clone());
    let zones = starts.zip(ends).enumerate();
    zones
        .filter(|(_, (start, _))| *start < top)
        .map(|(zone, (start, end))| (zone, start, end.min(top)))
        .collect()
}

fn bands(chart: &mut Chart<'_>, plot: &TrendPlot) -> Drawn {
    let palette = plot.theme.palette();
    let x = chart.x_range();
    for (zone, start, end) in visible_zones(chart, plot) {
        let colour = palette.zones[zone].mix(palette.band_opacity);
        let band = Rectangle::new([(x.start, end), (x.end, start)], colour.filled());
        chart.plotting_area().draw(&band)?;
    }
    Ok(())
}

/// Zones are told by a letter too: not everyone sees the colours, and a report may be printed in grey.
fn zone_letters(area: &Area<'_>, chart: &Chart<'_>, plot: &TrendPlot) -> Drawn {
    let palette = plot.theme.palette();
    let right = chart.x_range().end;
    for (zone, start, end) in visible_zones(chart, plot) {
        let (x, top) = chart.backend_coord(&(right, end));
        let bottom = chart.backend_coord(&(right, start)).1;
        let strip = [(x, top), (x + units(ZONE_STRIP_PX), bottom)];
        area.draw(&Rectangle::new(strip, palette.zones[zone].filled()))?;
        if bottom - top >= units(ZONE_STRIP_PX) {
            let centred = Pos::new(HPos::Center, VPos::Center);
            let style = bold(LABEL_PX, palette.background).pos(centred);
            let place = (x + units(ZONE_STRIP_PX) / 2, top.midpoint(bottom));
            area.draw(&Text::new(["A", "B", "C", "D"][zone], place, style))?;
        }
    }
    Ok(())
}

fn limits(area: &Area<'_>, chart: &mut Chart<'_>, plot: &TrendPlot) -> Drawn {
    let palette = plot.theme.palette();
    let alarm = plot.alarm_limit.map(|limit| ("alarm", limit, palette.tone(Tone::Warning)));
    let trip = plot.trip_limit.map(|limit| ("trip", limit, palette.tone(Tone::Critical)));
    let y = chart.y_range();
    let shown = [alarm, trip].into_iter().flatten().filter(|limit| y.contains(&limit.1));
    let mut label_below = i32::MAX;
    for (name, limit, colour) in shown {
        let x = chart.x_range();
        let line = [(x.start, limit), (x.end, limit)];
        let dashes = DashedPathElement::new(line, units(7), units(5), stroke(colour, 1.5));
        chart.plotting_area().draw(&dashes)?;
        let (right, height) = chart.backend_coord(&(x.end, limit));
        label_below = height.min(label_below.saturating_sub(units(14)));
        let style = bold(LABEL_PX, colour).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(
            format!("{name} {limit:.1}"),
            (right + units(ZONE_STRIP_PX + 6), label_below),
            style,
        ))?;
    }
    Ok(())
}

fn curve(chart: &mut Chart<'_>, points: &[(f64, f64)], colour: RGBColor) -> Drawn {
    let x = chart.x_range();
    let gap_s = gap_s(points, x.end - x.start);
    for run in points.chunk_by(|one, next| next.0 - one.0 <= gap_s) {
        let kept = decimate(run, (x.start, x.end), columns(chart));
        if let [alone] = kept[..] {
            chart.plotting_area().draw(&Circle::new(alone, units(2), colour.filled()))?;
        } else {
            chart.plotting_area().draw(&PathElement::new(kept, stroke(colour, 1.5)))?;
        }
    }
    Ok(())
}

/// From which silence on a line across it would claim what nobody measured.
fn gap_s(points: &[(f64, f64)], span_s: f64) -> f64 {
    let mut distances: Vec<f64> = points.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    if distances.is_empty() {
        return f64::INFINITY;
    }
    // Nine of ten distances are usual: sensors that sleep between short bursts still make one line.
    let rank = (distances.len() - 1) * 9 / 10;
    let usual_s = *distances.select_nth_unstable_by(rank, f64::total_cmp).1;
    (usual_s * GAP_FACTOR).max(span_s * GAP_SHARE_MIN)
}

fn flags(plot: &TrendPlot, from: Timestamp, to: Timestamp) -> Vec<Flag> {
    let palette: &Palette = plot.theme.palette();
    let mut shown: Vec<&Marker> =
        plot.markers.iter().filter(|marker| (from..=to).contains(&marker.at)).collect();
    shown.sort_by_key(|marker| marker.at);
    let newest = shown.len().saturating_sub(MARKERS_MAX);
    let flag = |marker: &&Marker| Flag {
        x: marker.at.seconds_since(from),
        label: text::fitted(&marker.label, LABEL_PX, 140.0),
        colour: palette.tone(marker.tone),
    };
    shown[newest..].iter().map(flag).collect()
}

fn time_name(from: Timestamp, to: Timestamp) -> String {
    let (from, to) = (from.to_string(), to.to_string());
    if from[..10] == to[..10] {
        format!("Time (UTC), {}", &from[..10])
    } else {
        format!("Time (UTC), {} to {}", &from[..10], &to[..10])
    }
}
