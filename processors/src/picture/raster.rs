//! A decoded picture: rows of red, green and blue.

/// Bytes of one pixel.
pub(super) const CHANNELS: usize = 3;

/// Eight-bit RGB, row by row from the top, without padding.
pub(super) struct Raster {
    pub(super) width: u32,
    pub(super) height: u32,
    /// `width * height * 3` bytes.
    pub(super) rgb: Vec<u8>,
    /// How many columns and rows the picture really covers. A JPEG of 2725 pixels that is decoded at one half is
    /// 1363 wide, but only 1362.5 of that is picture; the rest must not shift what is resampled from it.
    pub(super) covered: (f64, f64),
}

impl Raster {
    /// A raster that the picture covers wholly.
    pub(super) fn whole(width: u32, height: u32, rgb: Vec<u8>) -> Self {
        debug_assert_eq!(rgb.len(), width as usize * height as usize * CHANNELS);
        Self { width, height, rgb, covered: (f64::from(width), f64::from(height)) }
    }
}

/// Drops the alpha of RGBA pixels by laying them on white; the same memory is used.
///
/// This comes before any resampling, so that the colour hidden in transparent pixels cannot bleed into others.
pub(super) fn flatten(mut rgba: Vec<u8>) -> Vec<u8> {
    let pixels = rgba.len() / 4;
    for pixel in 0..pixels {
        let alpha = rgba[4 * pixel + 3];
        for channel in 0..CHANNELS {
            rgba[CHANNELS * pixel + channel] = on_white(rgba[4 * pixel + channel], alpha);
        }
    }
    rgba.truncate(pixels * CHANNELS);
    rgba
}

fn on_white(colour: u8, alpha: u8) -> u8 {
    let (colour, alpha) = (u16::from(colour), u16::from(alpha));
    let sum = colour * alpha + 255 * (255 - alpha) + 127;
    u8::try_from(sum / 255).expect("a weighted mean of bytes is a byte")
}

/// Turns four inks into colour without a profile, which is how browsers show what has none.
///
/// Adobe's files hold paper left white in place of ink.
pub(super) fn flatten_inks(mut inks: Vec<u8>, adobe: bool) -> Vec<u8> {
    let pixels = inks.len() / 4;
    let white = |ink: u8| u16::from(if adobe { ink } else { 255 - ink });
    for pixel in 0..pixels {
        let black = white(inks[4 * pixel + 3]);
        for channel in 0..CHANNELS {
            let light = (white(inks[4 * pixel + channel]) * black + 127) / 255;
            inks[CHANNELS * pixel + channel] =
                u8::try_from(light).expect("a product of shares is a share");
        }
    }
    inks.truncate(pixels * CHANNELS);
    inks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_lies_on_white() {
        let rgba = vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 128];
        assert_eq!(flatten(rgba), [10, 20, 30, 255, 255, 255, 127, 177, 255]);
    }

    #[test]
    fn inks_take_light_away() {
        let cyan_black_half = [255, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 128];
        let expected = [0, 255, 255, 0, 0, 0, 127, 127, 127];
        assert_eq!(flatten_inks(cyan_black_half.to_vec(), false), expected);
        let inverted = cyan_black_half.map(|ink: u8| 255 - ink);
        assert_eq!(flatten_inks(inverted.to_vec(), true), expected);
    }
}
