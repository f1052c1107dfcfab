//! Where a trend goes: a robust slope of the logarithm, and when it will meet a limit.
//!
//! The slope is the median of the slopes of all pairs (Theil 1950, Sen 1968): a quarter of the values
//! may be wild. Its interval has the ranks that follow from the variance of Kendall's S (Sen 1968;
//! Gilbert 1987, 16.5), widened for values that follow the one before them: with the lag-one
//! autocorrelation ρ of what the line leaves over, n values are worth n·(1−ρ)/(1+ρ) independent ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Values are gathered into so many equal pieces of time, of which each counts as its median: the
/// pairs stay few, and windows that overlap do not count as if they were independent.
const PIECES_MAX: usize = 64;
/// The fewest pieces with values in them.
const PIECES_MIN: usize = 10;
/// Of the normal distribution: 95 in 100 lie within.
const Z_95: f64 = 1.959_964;
/// Beyond this a correlation says that there is nothing but a drift to be seen.
const CORRELATION_MAX: f64 = 0.95;
/// How many times as far as it was looked back a trend is followed ahead. Customary: nothing
/// guarantees that it goes on.
const REACH: f64 = 3.0;

/// How fast a positive quantity grows, as the slope of its natural logarithm.
#[derive(Clone, Debug, PartialEq)]
pub struct Slope {
    /// In nepers per second.
    pub np_s: f64,
    /// The lower end of its 95 % interval.
    pub np_s_min: f64,
    /// The upper end of its 95 % interval.
    pub np_s_max: f64,
    /// From the first to the last piece, in seconds.
    span_s: f64,
    /// Seconds before the last piece, and logarithms.
    pieces: Vec<(f64, f64)>,
}

/// When a limit will be met if the trend goes on as it is. Not a remaining life.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimeToLimit {
    /// From the newest values on.
    pub seconds: f64,
    /// The earlier end of the 95 % interval.
    pub seconds_min: f64,
    /// The later end of the 95 % interval; absent when it lies beyond what can be seen ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_max: Option<f64>,
}

/// Why there is no time to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoEstimate {
    /// Fewer than ten pieces of time have values.
    TooFewValues,
    /// The interval of the slope contains zero.
    NotSignificant,
    /// The quantity becomes smaller.
    Falling,
    /// The limit is met already.
    AtLimit,
    /// It lies further ahead than three times as far as was looked back.
    TooFar,
}

impl Slope {
    /// The slope of values in the order of their times; what is not positive is left out. `None` when
    /// they are too few.
    pub fn of(values: &[(Timestamp, f64)]) -> Option<Self> {
        let pieces = pieces(values);
        if pieces.len() < PIECES_MIN {
            return None;
        }
        let mut slopes = pair_slopes(&pieces);
        slopes.sort_by(f64::total_cmp);
        let np_s = slopes[(slopes.len() - 1) / 2].midpoint(slopes[slopes.len() / 2]);
        let half = half_ranks(&pieces, np_s);
        let middle = slopes.len() as f64 / 2.0;
        let rank = |at: f64| slopes[(at.max(0.0) as usize).min(slopes.len() - 1)];
        Some(Self {
            np_s,
            np_s_min: rank((middle - half).floor() - 1.0),
            np_s_max: rank((middle + half).ceil()),
            span_s: -pieces[0].0,
            pieces,
        })
    }

    /// Whether it grows or shrinks at all, with 95 % confidence.
    pub fn is_significant(&self) -> bool {
        self.np_s_min > 0.0 || self.np_s_max < 0.0
    }

    /// When the quantity will meet a limit.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub fn time_to(&self, limit: f64) -> Result<TimeToLimit, NoEstimate> {
        if !self.is_significant() {
            return Err(NoEstimate::NotSignificant);
        }
        if self.np_s < 0.0 {
            return Err(NoEstimate::Falling);
        }
        let ahead_s = |np_s: f64| (limit.ln() - self.level_now(np_s)) / np_s;
        let seconds = ahead_s(self.np_s);
        if seconds <= 0.0 {
            return Err(NoEstimate::AtLimit);
        }
        let reach_s = REACH * self.span_s;
        // A limit that is no number lies nowhere ahead.
        if seconds.is_nan() || seconds > reach_s {
            return Err(NoEstimate::TooFar);
        }
        let seconds_min = ahead_s(self.np_s_max).clamp(0.0, seconds);
        let seconds_max = Some(ahead_s(self.np_s_min).max(seconds)).filter(|max| *max <= reach_s);
        Ok(TimeToLimit { seconds, seconds_min, seconds_max })
    }

    /// The logarithm at the last piece, on the line of this slope through the middle of the values.
    fn level_now(&self, np_s: f64) -> f64 {
        median(self.pieces.iter().map(|(at_s, level)| level - np_s * at_s).collect())
    }
}

fn pieces(values: &[(Timestamp, f64)]) -> Vec<(f64, f64)> {
    let usable = |(_, value): &&(Timestamp, f64)| value.is_finite() && *value > 0.0;
    let usable: Vec<_> = values.iter().filter(usable).collect();
    let (Some((first, _)), Some((last, _))) = (usable.first(), usable.last()) else {
        return vec![];
    };
    let span_s = last.seconds_since(*first);
    if span_s <= 0.0 {
        return vec![];
    }
    let piece_of = |at: Timestamp| {
        let share = at.seconds_since(*first) / span_s;
        ((share * PIECES_MAX as f64) as usize).min(PIECES_MAX - 1)
    };
    let of_piece = usable.chunk_by(|one, next| piece_of(one.0) == piece_of(next.0));
    let summary = |piece: &[&(Timestamp, f64)]| {
        let before_s = |at: &Timestamp| at.seconds_since(*last);
        let at_s = piece.iter().map(|(at, _)| before_s(at)).sum::<f64>() / piece.len() as f64;
        (at_s, median(piece.iter().map(|(_, value)| value.ln()).collect()))
    };
    of_piece.map(summary).collect()
}

fn pair_slopes(pieces: &[(f64, f64)]) -> Vec<f64> {
    let later = |i: usize| pieces[i + 1..].iter().map(move |later| (pieces[i], *later));
    let pairs = (0..pieces.len()).flat_map(later);
    pairs.map(|(one, next)| (next.1 - one.1) / (next.0 - one.0)).collect()
}

/// How many ranks to each side of the middle the interval reaches.
fn half_ranks(pieces: &[(f64, f64)], np_s: f64) -> f64 {
    let n = pieces.len() as f64;
    let kendall = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
    let rest: Vec<f64> = pieces.iter().map(|(at_s, level)| level - np_s * at_s).collect();
    let correlation = lag_one(&rest).clamp(0.0, CORRELATION_MAX);
    let widened = kendall * (1.0 + correlation) / (1.0 - correlation);
    Z_95 * widened.sqrt() / 2.0
}

fn lag_one(rest: &[f64]) -> f64 {
    let mean = rest.iter().sum::<f64>() / rest.len() as f64;
    let power: f64 = rest.iter().map(|value| (value - mean).powi(2)).sum();
    let together: f64 = rest.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if power > 0.0 { together / power } else { 0.0 }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let count = values.len();
    values[(count - 1) / 2].midpoint(values[count / 2])
}
