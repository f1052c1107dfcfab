//! Trends of a motor as pictures, and what all pictures share.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use domain::motor::{AlarmLevel, Assessment, MeasuringPoint};
use domain::vibration::{Boundaries, Departure, Limits};
use ports::readings::{TrendPoint as Point, TrendQuery};

use super::Context;
use super::analysis::limits_at;
use super::answer::Answer;
use super::params::{Params, refused_one};
use super::problem::Failure;
use super::readings::VELOCITY;
use super::vibration::{
    KnownMotor, TREND_PARAMS, TREND_POINTS_MAX, known_motor, marks, quantity_of, trend_query,
    unit_of,
};
use crate::motors::MotorDocument;
use crate::plot::{self, Marker, Size, Theme, Tone, TrendPlot, TrendPoint, ZoneBoundaries};
use crate::vibration_trend::{Change, Mark};

const LOOKS: [&str; 3] = ["theme", "width", "height"];
const SIZE_PX_MAX: u32 = 4_000;

/// What a picture of a motor is asked with, and about whom.
pub(super) struct Asked {
    pub(super) params: Params,
    pub(super) theme: Theme,
    pub(super) size: Size,
    pub(super) known: KnownMotor,
}

/// Beside `names`, every picture can be asked for in a size and in the light or the dark.
pub(super) async fn asked(
    shared: &Context,
    key: &str,
    uri: &Uri,
    names: &[&str],
) -> Result<Asked, Failure> {
    let params = Params::of(uri, &[names, &LOOKS].concat())?;
    let (theme, size) = looks(&params)?;
    let known = known_motor(shared, key, &params).await?;
    Ok(Asked { params, theme, size, known })
}

pub(super) async fn trend(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Answer, Failure> {
    let Asked { params, theme, size, known } = asked(&shared, &key, &uri, &TREND_PARAMS).await?;
    let query = trend_query(known.motor.motor_id, &params, TREND_POINTS_MAX)?;
    let points = shared.queries.readings.trend(&query).await?;
    let marks = marks(&shared, known.motor.motor_id).await?;
    let mut plot = trend_plot(&known.motor, &query, &points, &marks);
    (plot.theme, plot.size) = (theme, size);
    Ok(svg(plot::trend(&plot)).at(known.position))
}

fn looks(params: &Params) -> Result<(Theme, Size), Failure> {
    let theme = match params.text("theme") {
        None | Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        Some(_) => return Err(refused_one("theme", "must be light or dark")),
    };
    let expected = format!("must be a whole number of pixels, at most {SIZE_PX_MAX}");
    let px = |name, default| params.parsed(name, &expected).map(|px| px.unwrap_or(default));
    Ok((theme, Size::new(px("width", 960)?, px("height", 360)?)))
}

pub(super) fn svg(text: String) -> Answer {
    Answer::of("image/svg+xml", text)
        .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with(CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox")
        .tagged_by_content()
}

/// One line in one plot: of several measuring points, the one that stands highest now.
fn trend_plot(
    motor: &MotorDocument,
    query: &TrendQuery,
    points: &[Point],
    marks: &[Mark],
) -> TrendPlot {
    let shown = highest(points);
    let unit = unit_of(&query.feature);
    let plot = TrendPlot {
        title: motor.nameplate.name.clone(),
        quantity: quantity_of(&query.feature),
        unit: unit.to_owned(),
        range: query.from.zip(query.to),
        ..TrendPlot::default()
    };
    let Some(shown) = shown else { return plot };
    let of_point = points.iter().filter(|point| is_at(point, &shown));
    let points = of_point.map(|point| TrendPoint { at: point.at, value: point.value }).collect();
    let marks: Vec<&Mark> = marks.iter().filter(|mark| mark.point == shown).collect();
    let plot = TrendPlot {
        subtitle: format!("{}, {}", shown.sensor, words(shown.axis.name())),
        points,
        markers: marks.iter().map(|mark| marker(mark)).collect(),
        ..plot
    };
    if query.feature == VELOCITY { judged(plot, motor, &shown) } else { plot }
}

fn judged(plot: TrendPlot, motor: &MotorDocument, point: &MeasuringPoint) -> TrendPlot {
    let boundaries = motor.nameplate.boundaries_of(point.axis);
    let Boundaries { ab: a_b, bc: b_c, cd: c_d, .. } = boundaries;
    let Limits { alarm_mm_s, trip_mm_s, .. } = limits_at(motor, point);
    TrendPlot {
        zones: Some(ZoneBoundaries { a_b, b_c, c_d }),
        alarm_limit: Some(alarm_mm_s),
        trip_limit: Some(trip_mm_s),
        ..plot
    }
}

fn highest(points: &[Point]) -> Option<MeasuringPoint> {
    let mut last: Vec<&Point> = Vec::new();
    for point in points.iter().rev() {
        if !last.iter().any(|known| known.sensor == point.sensor && known.axis == point.axis) {
            last.push(point);
        }
    }
    let highest = last.into_iter().max_by(|one, next| one.value.total_cmp(&next.value))?;
    Some(MeasuringPoint { sensor: highest.sensor.clone(), axis: highest.axis })
}

fn is_at(point: &Point, shown: &MeasuringPoint) -> bool {
    point.sensor == shown.sensor && point.axis == shown.axis
}

fn marker(mark: &Mark) -> Marker {
    let (label, tone) = match &mark.change {
        Change::ZoneChanged { from, to } => {
            let from = from.map(|from| format!("{} → ", letter(from))).unwrap_or_default();
            (format!("{from}{}", letter(*to)), tone(*to))
        }
        Change::AlarmRaised { level: AlarmLevel::Alarm, .. } => ("alarm".to_owned(), Tone::Warning),
        Change::AlarmRaised { level: AlarmLevel::Trip, .. } => ("trip".to_owned(), Tone::Critical),
        Change::AlarmCleared {} => ("cleared".to_owned(), Tone::Good),
        Change::SensorLost {} => ("lost".to_owned(), Tone::Neutral),
        Change::SensorFound {} => ("found".to_owned(), Tone::Neutral),
        Change::BaselineLearned { .. } => ("baseline".to_owned(), Tone::Neutral),
        Change::DepartureBegan { departure, .. } => {
            (direction(*departure).to_owned(), Tone::Warning)
        }
        Change::DepartureEnded { .. } => ("as before".to_owned(), Tone::Good),
    };
    Marker { at: mark.at, label, tone }
}

const fn direction(departure: Departure) -> &'static str {
    match departure {
        Departure::Rise => "rise",
        Departure::Fall => "fall",
    }
}

const fn letter(zone: Assessment) -> &'static str {
    match zone {
        Assessment::A => "A",
        Assessment::B => "B",
        Assessment::C => "C",
        Assessment::D => "D",
        Assessment::NotAssessable => "?",
    }
}

const fn tone(zone: Assessment) -> Tone {
    match zone {
        Assessment::A => Tone::Good,
        Assessment::B => Tone::Acceptable,
        Assessment::C => Tone::Warning,
        Assessment::D => Tone::Critical,
        Assessment::NotAssessable => Tone::Neutral,
    }
}

pub(super) fn words(name: &str) -> String {
    name.replace('_', " ")
}
