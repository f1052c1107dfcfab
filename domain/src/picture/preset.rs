//! Which variants are made of every picture.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

/// So many variants are made of a picture at most.
const PRESETS_MAX: usize = 8;
/// No variant is greater than this: what a picture may ask of memory is reckoned without its variants.
const VARIANT_SIDE_PIXELS_MAX: u32 = 2_048;
const NAME_CHARACTERS_MAX: usize = 64;

/// What a variant is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// For every client.
    Jpeg,
    /// Smaller, for clients that say that they know it.
    Webp,
}

impl Encoding {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Jpeg, Self::Webp];

    /// How the name of a variant ends: `.jpg`.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => ".jpg",
            Self::Webp => ".webp",
        }
    }

    /// By the end of a variant's name; none if it has another one.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| name.ends_with(encoding.extension()))
    }
}

/// A variant to make: a picture that fits into a square.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// The file name under which the variant is kept and asked for: `1024x1024.jpg`. Its end says what is written.
    pub name: Cow<'static, str>,
    /// Neither side of the variant is longer than this, in pixels.
    pub side_pixels_max: u32,
}

impl Preset {
    /// A preset of the program's own.
    pub const fn new(name: &'static str, side_pixels_max: u32) -> Self {
        Self { name: Cow::Borrowed(name), side_pixels_max }
    }

    /// What the variant is written as.
    pub fn encoding(&self) -> Encoding {
        Encoding::of(&self.name).unwrap_or(Encoding::Jpeg)
    }
}

/// The variants that every picture gets, unless it is set otherwise.
pub const PRESETS: [Preset; 2] =
    [Preset::new("1024x1024.jpg", 1_024), Preset::new("800x800.jpg", 800)];

/// The variants that every picture gets: one to eight, each of another name.
///
/// Written as `1024x1024.jpg=1024,800x800.jpg=800`: names, and how long a side may be, from 1 to 2,048 pixels. A name
/// is of letters, digits and `-`, and ends with `.jpg` or `.webp`; no more than 64 characters. `1024x1024.webp` is handed
/// out in place of `1024x1024.jpg` to clients that know WebP, where it is shorter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presets(Arc<[Preset]>);

/// Why a text does not tell presets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresetsError {
    /// One of them is not a name and a number.
    #[error("{0:?} is not of the form 1024x1024.jpg=1024")]
    Form(String),
    /// One has a name that no variant may have.
    #[error("{0:?} is no name of a variant: letters, digits and -, then .jpg or .webp")]
    Name(String),
    /// One has a side that is zero or too long.
    #[error("a side is from 1 to {VARIANT_SIDE_PIXELS_MAX} pixels long, and not {0}")]
    Side(u32),
    /// Two have the same name.
    #[error("two presets are called {0:?}")]
    Twice(String),
    /// There are none, or too many.
    #[error("there are one to {PRESETS_MAX} presets, and not {0}")]
    Count(usize),
}

impl Presets {
    /// The preset of that name.
    pub fn named(&self, name: &str) -> Option<&Preset> {
        self.iter().find(|preset| preset.name == name)
    }
}

impl Default for Presets {
    fn default() -> Self {
        Self(PRESETS.into())
    }
}

impl Deref for Presets {
    type Target = [Preset];

    fn deref(&self) -> &[Preset] {
        &self.0
    }
}

impl fmt::Display for Presets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, Preset { name, side_pixels_max }) in self.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{name}={side_pixels_max}")?;
        }
        Ok(())
    }
}

impl FromStr for Presets {
    type Err = PresetsError;

    fn from_str(text: &str) -> Result<Self, PresetsError> {
        let presets = text.split(',').map(preset).collect::<Result<Vec<_>, _>>()?;
        if presets.len() > PRESETS_MAX {
            return Err(PresetsError::Count(presets.len()));
        }
        for (place, Preset { name, .. }) in presets.iter().enumerate() {
            if presets[..place].iter().any(|before| before.name == *name) {
                return Err(PresetsError::Twice(name.clone().into_owned()));
            }
        }
        Ok(Self(presets.into()))
    }
}

fn preset(text: &str) -> Result<Preset, PresetsError> {
    let form = || PresetsError::Form(text.to_owned());
    let (name, side) = text.trim().split_once('=').ok_or_else(form)?;
    let side_pixels_max = side.trim().parse().map_err(|_| form())?;
    let name = name.trim();
    if !is_name(name) {
        return Err(PresetsError::Name(name.to_owned()));
    }
    if !(1..=VARIANT_SIDE_PIXELS_MAX).contains(&side_pixels_max) {
        return Err(PresetsError::Side(side_pixels_max));
    }
    Ok(Preset { name: Cow::Owned(name.to_owned()), side_pixels_max })
}

fn is_name(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    name.len() <= NAME_CHARACTERS_MAX
        && Encoding::of(name)
            .and_then(|encoding| name.strip_suffix(encoding.extension()))
            .is_some_and(|stem| !stem.is_empty() && stem.chars().all(is_letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_read_as_they_are_written() {
        let text = "1024x1024.jpg=1024,800x800.jpg=800";
        assert_eq!(text.parse(), Ok(Presets::default()));
        assert_eq!(Presets::default().to_string(), text);
        let spaced: Presets = " tiny.jpg = 64 , on-TV.jpg = 1920 ".parse().unwrap();
        assert_eq!(spaced.to_string(), "tiny.jpg=64,on-TV.jpg=1920");
        assert_eq!(spaced.named("tiny.jpg").map(|preset| preset.side_pixels_max), Some(64));
        assert_eq!(spaced.named("800x800.jpg"), None);
    }

    #[test]
    fn the_end_of_a_name_says_what_is_written() {
        let presets: Presets = "a.jpg=9,a.webp=9".parse().unwrap();
        let encodings: Vec<_> = presets.iter().map(Preset::encoding).collect();
        assert_eq!(encodings, [Encoding::Jpeg, Encoding::Webp]);
        assert_eq!(Encoding::of("a.webp.png"), None);
    }

    #[test]
    fn what_cannot_be_made_or_kept_is_no_preset() {
        let error = |text: &str| text.parse::<Presets>().unwrap_err().to_string();
        for text in ["", "a.jpg", "a.jpg=", "a.jpg=x", "a.jpg=1=2", "a.jpg=1,", "a.jpg=-1"] {
            assert!(error(text).contains("is not of the form"), "{text}: {}", error(text));
        }
        for name in
            [".jpg", ".webp", "a.png", "a", "../a.jpg", "a/b.jpg", "a b.jpg", "ä.jpg", "a.b.jpg"]
        {
            assert!(error(&format!("{name}=9")).contains("is no name"), "{name}");
        }
        assert!(error(&format!("{}.jpg=9", "a".repeat(61))).contains("is no name"));
        assert!(
            error("a.jpg=0").contains("from 1 to 2048") && error("a.jpg=2049").contains("2049")
        );
        assert!(error("a.jpg=1,b.jpg=1,a.jpg=2").contains("two presets"));
        let nine: Vec<_> = (0..9).map(|number| format!("{number}.jpg=9")).collect();
        assert!(error(&nine.join(",")).contains("and not 9"));
    }
}
