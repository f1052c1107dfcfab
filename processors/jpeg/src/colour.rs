//! From brightness and two differences of colour to red, green and blue (ITU-R BT.601, as JFIF has it).

use crate::lanes::Lanes;

/// Bytes of a pixel.
pub(crate) const CHANNELS: usize = 3;

/// So many pixels are converted at once: enough for loops that are worth a vector.
const CHUNK_PIXELS: usize = 64;
/// So many pixels are three words of 32 bits.
const GROUP_PIXELS: usize = 4;

/// Shares of 65,536. What is more than one half is a difference to the next whole number.
const RED_OF_RED: i16 = 26_345;
const GREEN_OF_RED: i16 = 18_734;
const GREEN_OF_BLUE: i16 = -22_554;
const BLUE_OF_BLUE: i16 = -14_942;
/// Differences are multiplied by this first, so that what is lost below is too little to be seen.
const FINENESS: i16 = 64;

/// Writes a row of pixels. All rows are of as many samples as there are pixels.
pub(crate) fn to_rgb(y: &[u8], cb: &[u8], cr: &[u8], rgb: &mut [u8]) {
    Lanes::new().run(
        #[inline(always)]
        || convert_row(y, cb, cr, rgb),
    );
}

#[inline(always)]
fn convert_row(y: &[u8], cb: &[u8], cr: &[u8], rgb: &mut [u8]) {
    let (chunks, rest) = rgb.as_chunks_mut::<{ CHUNK_PIXELS * CHANNELS }>();
    let whole = chunks.len();
    let ((ys, y), (cbs, cb), (crs, cr)) = (y.as_chunks(), cb.as_chunks(), cr.as_chunks());
    for (((out, y), cb), cr) in chunks.iter_mut().zip(ys).zip(cbs).zip(crs) {
        convert(y, cb, cr, out);
    }
    debug_assert_eq!(whole, ys.len());
    let mut last = [0; CHUNK_PIXELS * CHANNELS];
    convert(&padded(y), &padded(cb), &padded(cr), &mut last);
    rest.copy_from_slice(&last[..rest.len()]);
}

/// Writes a row of grey pixels.
pub(crate) fn grey_to_rgb(y: &[u8], rgb: &mut [u8]) {
    for (pixel, y) in rgb.chunks_exact_mut(CHANNELS).zip(y) {
        pixel.fill(*y);
    }
}

fn padded(row: &[u8]) -> [u8; CHUNK_PIXELS] {
    let mut padded = [0; CHUNK_PIXELS];
    padded[..row.len()].copy_from_slice(row);
    padded
}

#[inline(always)]
fn convert(
    y: &[u8; CHUNK_PIXELS],
    cb: &[u8; CHUNK_PIXELS],
    cr: &[u8; CHUNK_PIXELS],
    rgb: &mut [u8; CHUNK_PIXELS * CHANNELS],
) {
    let (mut reds, mut greens, mut blues) =
        ([0; CHUNK_PIXELS], [0; CHUNK_PIXELS], [0; CHUNK_PIXELS]);
    for at in 0..CHUNK_PIXELS {
        let (y, cb, cr) = (i16::from(y[at]), i16::from(cb[at]) - 128, i16::from(cr[at]) - 128);
        reds[at] = red(y, cr);
        greens[at] = green(y, cb, cr);
        blues[at] = blue(y, cb);
    }
    let mut pixels = [0; CHUNK_PIXELS];
    for at in 0..CHUNK_PIXELS {
        let [red, green, blue] = [reds[at], greens[at], blues[at]].map(u32::from);
        pixels[at] = red | green << 8 | blue << 16;
    }
    let groups = pixels.chunks_exact(GROUP_PIXELS);
    for (out, group) in rgb.chunks_exact_mut(GROUP_PIXELS * CHANNELS).zip(groups) {
        out[0..4].copy_from_slice(&(group[0] | group[1] << 24).to_le_bytes());
        out[4..8].copy_from_slice(&(group[1] >> 8 | group[2] << 16).to_le_bytes());
        out[8..12].copy_from_slice(&(group[2] >> 16 | group[3] << 8).to_le_bytes());
    }
}

#[inline(always)]
fn red(y: i16, cr: i16) -> u8 {
    byte(y + cr + nearest(share(cr * FINENESS, RED_OF_RED)))
}

#[inline(always)]
fn green(y: i16, cb: i16, cr: i16) -> u8 {
    let shares = share(cr * FINENESS, GREEN_OF_RED) + share(cb * FINENESS, GREEN_OF_BLUE);
    byte(y - cr + nearest(shares))
}

#[inline(always)]
fn blue(y: i16, cb: i16) -> u8 {
    byte(y + 2 * cb + nearest(share(cb * FINENESS, BLUE_OF_BLUE)))
}

#[inline(always)]
fn share(value: i16, share: i16) -> i16 {
    ((i32::from(value) * i32::from(share)) >> 16) as i16
}

#[inline(always)]
fn nearest(fine: i16) -> i16 {
    (fine + FINENESS / 2) >> FINENESS.trailing_zeros()
}

#[inline(always)]
fn byte(value: i16) -> u8 {
    value.clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In double precision.
    fn exact(y: u8, cb: u8, cr: u8) -> [f64; 3] {
        let (y, cb, cr) = (f64::from(y), f64::from(cb) - 128.0, f64::from(cr) - 128.0);
        let (green_of_blue, green_of_red) = (0.344_136_286, 0.714_136_286);
        [y + 1.402 * cr, y - green_of_blue * cb - green_of_red * cr, y + 1.772 * cb]
            .map(|value| value.clamp(0.0, 255.0))
    }

    #[test]
    fn every_colour_is_within_rounding_of_the_exact_one() {
        for (cb, cr) in (0..=255).flat_map(|cb| (0..=255).map(move |cr| (cb, cr))) {
            let ys = [0, 1, 77, 128, 200, 255];
            let mut rgb = [0; 3 * 6];
            to_rgb(&ys, &[cb; 6], &[cr; 6], &mut rgb);
            for (ours, exact) in rgb.into_iter().zip(ys.into_iter().flat_map(|y| exact(y, cb, cr)))
            {
                assert!((f64::from(ours) - exact).abs() < 0.55, "{cb} {cr}: {ours}, not {exact}");
            }
        }
    }

    #[test]
    fn wide_vectors_give_the_same_colours_as_those_that_all_have() {
        let row = |step: u8| (0..=255_u8).map(|x| x.wrapping_mul(step)).collect::<Vec<_>>();
        let (y, cb, cr) = (row(1), row(3), row(77));
        let (mut wide, mut narrow) = ([0; 3 * 256], [0; 3 * 256]);
        to_rgb(&y, &cb, &cr, &mut wide);
        convert_row(&y, &cb, &cr, &mut narrow);
        assert_eq!(wide, narrow);
    }

    #[test]
    fn a_row_of_any_length_is_converted_wholly() {
        let row = |shift: u8| (0..200_u8).map(|x| x.wrapping_mul(7) ^ shift).collect::<Vec<_>>();
        let (y, cb, cr) = (row(0), row(90), row(170));
        for width in 1..200 {
            let mut rgb = vec![0; 3 * width];
            to_rgb(&y[..width], &cb[..width], &cr[..width], &mut rgb);
            let exact = (0..width).flat_map(|x| exact(y[x], cb[x], cr[x]));
            assert!(
                rgb.into_iter()
                    .zip(exact)
                    .all(|(ours, exact)| (f64::from(ours) - exact).abs() < 0.55)
            );
        }
    }
}
