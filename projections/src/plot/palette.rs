//! The colours of the plots, the same as in the dashboard, once for paper and once for the night shift.

use plotters::style::RGBColor;

/// Which background the plot is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Light,
    Dark,
}

/// How bad the news of a marker is; zones A to D go from `Good` to `Critical`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Good,
    Acceptable,
    Warning,
    Critical,
}

pub(super) struct Palette {
    pub(super) background: RGBColor,
    pub(super) ink: RGBColor,
    pub(super) muted: RGBColor,
    pub(super) grid: RGBColor,
    pub(super) line: RGBColor,
    /// Zones A, B, C and D.
    pub(super) zones: [RGBColor; 4],
    pub(super) band_opacity: f64,
}

const LIGHT: Palette = Palette {
    background: RGBColor(255, 255, 255),
    ink: RGBColor(22, 32, 46),
    muted: RGBColor(84, 97, 115),
    grid: RGBColor(196, 204, 214),
    line: RGBColor(22, 64, 120),
    zones: [
        RGBColor(31, 122, 77),
        RGBColor(92, 112, 10),
        RGBColor(166, 88, 0),
        RGBColor(180, 35, 24),
    ],
    band_opacity: 0.13,
};

const DARK: Palette = Palette {
    background: RGBColor(22, 31, 44),
    ink: RGBColor(231, 236, 243),
    muted: RGBColor(159, 173, 190),
    grid: RGBColor(62, 77, 97),
    line: RGBColor(142, 197, 255),
    zones: [
        RGBColor(76, 195, 138),
        RGBColor(181, 201, 74),
        RGBColor(242, 163, 58),
        RGBColor(242, 124, 111),
    ],
    band_opacity: 0.15,
};

impl Theme {
    pub(super) const fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }
}

impl Palette {
    pub(super) const fn tone(&self, tone: Tone) -> RGBColor {
        match tone {
            Tone::Neutral => self.muted,
            Tone::Good => self.zones[0],
            Tone::Acceptable => self.zones[1],
            Tone::Warning => self.zones[2],
            Tone::Critical => self.zones[3],
        }
    }
}
