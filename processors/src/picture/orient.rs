//! Turns a picture upright. This comes last, when there are fewest pixels.

use std::borrow::Cow;

use domain::picture::Orientation;

/// Of a pixel: red, green and blue.
pub(super) const CHANNELS: usize = 3;

/// Rows of red, green and blue, eight bits each.
pub(super) struct Sheet<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) rgb: Cow<'a, [u8]>,
}

/// The sheet as it is meant to be seen.
pub(super) fn turn(sheet: Sheet<'_>, orientation: Orientation) -> Sheet<'_> {
    if orientation == Orientation::Upright {
        return sheet;
    }
    let (width, height) = (sheet.width, sheet.height);
    let (width, height) = if orientation.swaps_sides() { (height, width) } else { (width, height) };
    let mut rgb = Vec::with_capacity(sheet.rgb.len());
    for row in 0..height as usize {
        for column in 0..width as usize {
            let from = source(&sheet, orientation, column, row);
            rgb.extend_from_slice(&sheet.rgb[from..from + CHANNELS]);
        }
    }
    Sheet { width, height, rgb: Cow::Owned(rgb) }
}

/// Where the pixel that is seen at `column` and `row` is stored.
fn source(sheet: &Sheet<'_>, orientation: Orientation, column: usize, row: usize) -> usize {
    let (width, height) = (sheet.width as usize, sheet.height as usize);
    let (x, y) = match orientation {
        Orientation::Upright => (column, row),
        Orientation::FlipHorizontal => (width - 1 - column, row),
        Orientation::Rotate180 => (width - 1 - column, height - 1 - row),
        Orientation::FlipVertical => (column, height - 1 - row),
        Orientation::Transpose => (row, column),
        Orientation::Rotate90 => (row, height - 1 - column),
        Orientation::Transverse => (width - 1 - row, height - 1 - column),
        Orientation::Rotate270 => (width - 1 - row, column),
    };
    (y * width + x) * CHANNELS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six pixels, told apart by their red: a b c over d e f.
    fn turned(orientation: Orientation) -> (u32, u32, String) {
        let rgb = b"abcdef".iter().flat_map(|letter| [*letter, 0, 0]).collect();
        let upright = turn(Sheet { width: 3, height: 2, rgb }, orientation);
        let letters =
            upright.rgb.iter().step_by(CHANNELS).map(|letter| char::from(*letter)).collect();
        (upright.width, upright.height, letters)
    }

    #[test]
    fn each_orientation_puts_each_pixel_where_exif_says() {
        let expected = [
            (3, 2, "abcdef"),
            (3, 2, "cbafed"),
            (3, 2, "fedcba"),
            (3, 2, "defabc"),
            (2, 3, "adbecf"),
            (2, 3, "daebfc"),
            (2, 3, "fcebda"),
            (2, 3, "cfbead"),
        ];
        for (orientation, (width, height, letters)) in Orientation::ALL.into_iter().zip(expected) {
            assert_eq!(turned(orientation), (width, height, letters.into()), "{orientation:?}");
        }
    }
}
