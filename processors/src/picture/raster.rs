//! A decoded picture: rows of light or of inks, before it is made smaller and its colours are made sRGB.

/// What the bytes of a pixel stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channels {
    /// Light, one byte.
    Grey,
    /// Red, green and blue.
    Colour,
    /// Cyan, magenta, yellow and black. Adobe's files hold paper left white in place of ink.
    Inks { is_paper: bool },
}

impl Channels {
    /// Bytes of one pixel.
    pub(super) const fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Colour => 3,
            Self::Inks { .. } => 4,
        }
    }
}

/// Eight bits a channel, row by row from the top, without padding.
pub(super) struct Raster {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) channels: Channels,
    /// `width * height * channels.count()` bytes.
    pub(super) pixels: Vec<u8>,
    /// How many columns and rows the picture really covers. A JPEG of 2725 pixels that is decoded at one half is
    /// 1363 wide, but only 1362.5 of that is picture; the rest must not shift what is resampled from it.
    pub(super) covered: (f64, f64),
}

impl Raster {
    /// A raster that the picture covers wholly.
    pub(super) fn whole(width: u32, height: u32, channels: Channels, pixels: Vec<u8>) -> Self {
        debug_assert_eq!(pixels.len(), width as usize * height as usize * channels.count());
        Self { width, height, channels, pixels, covered: (f64::from(width), f64::from(height)) }
    }
}

/// Drops the alpha that stands last in each pixel of `channels` others, by laying the pixels on white; the same memory
/// is used.
///
/// This comes before any resampling, so that the colour hidden in transparent pixels cannot bleed into others.
pub(super) fn flatten(mut pixels: Vec<u8>, channels: Channels) -> Vec<u8> {
    let light = channels.count();
    let count = pixels.len() / (light + 1);
    for pixel in 0..count {
        let from = pixel * (light + 1);
        let alpha = pixels[from + light];
        for channel in 0..light {
            pixels[pixel * light + channel] = on_white(pixels[from + channel], alpha);
        }
    }
    pixels.truncate(count * light);
    pixels
}

pub(super) fn on_white(light: u8, alpha: u8) -> u8 {
    let (light, alpha) = (u16::from(light), u16::from(alpha));
    let sum = light * alpha + 255 * (255 - alpha) + 127;
    u8::try_from(sum / 255).expect("a weighted mean of bytes is a byte")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_lies_on_white() {
        let rgba = vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 128];
        let flat = [10, 20, 30, 255, 255, 255, 127, 177, 255];
        assert_eq!(flatten(rgba, Channels::Colour), flat);
        assert_eq!(flatten(vec![10, 255, 10, 0, 0, 128], Channels::Grey), [10, 255, 127]);
    }
}
