//! By how much a picture is made smaller, and what size follows.

/// A number of eighths, from one to eight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scale(u8);

impl Scale {
    /// The picture as it is.
    pub const WHOLE: Self = Self(8);
    /// Half of each side.
    pub const HALF: Self = Self(4);
    /// A quarter of each side.
    pub const QUARTER: Self = Self(2);
    /// An eighth of each side.
    pub const EIGHTH: Self = Self(1);

    /// `eighths` must be from one to eight.
    #[must_use]
    pub const fn new(eighths: u8) -> Option<Self> {
        if eighths == 0 || eighths > 8 { None } else { Some(Self(eighths)) }
    }

    /// From the smallest to the whole picture.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=8).map(Self)
    }

    /// How many eighths.
    #[must_use]
    pub const fn eighths(self) -> u8 {
        self.0
    }

    pub(crate) fn samples(self) -> usize {
        usize::from(self.0)
    }

    /// The length of a side at this scale; a sample that is only partly covered counts.
    pub(crate) fn side(self, whole: usize) -> usize {
        (whole * self.samples()).div_ceil(8)
    }
}

/// The size of a picture at some scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// In samples.
    pub width: usize,
    /// In samples.
    pub height: usize,
    /// How many columns and rows the picture really covers: 2725 pixels at one half are 1363 samples, but only
    /// 1362.5 of them are picture. Whoever resamples further should do it from exactly this box, which begins at
    /// the upper left corner.
    pub covered: (f64, f64),
}

impl Size {
    pub(crate) fn new(width: usize, height: usize, scale: Scale) -> Self {
        let share = f64::from(scale.eighths()) / 8.0;
        Self {
            width: scale.side(width),
            height: scale.side(height),
            covered: (width as f64 * share, height as f64 * share),
        }
    }
}
