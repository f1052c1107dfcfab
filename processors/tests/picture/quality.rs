//! Measures variants against the best that can be made: a full decode, resampled in floating point, not encoded.

use image::{DynamicImage, RgbImage, imageops::FilterType};
use processors::picture::Variant;
use turbojpeg::PixelFormat;

use crate::{
    make::{Kind, jpeg, scene},
    rendered,
    seen::Seen,
};

/// Side of the squares in which likeness is measured.
const WINDOW_PIXELS: usize = 8;

/// The mean structural similarity of a variant to the reference, by brightness: 1 is the same.
pub(crate) fn likeness(variant: &Variant, original: &[u8]) -> f64 {
    let full = turbojpeg::decompress(original, PixelFormat::RGB).expect("the original is sound");
    let side = |side: usize| u32::try_from(side).expect("a side of a JPEG has sixteen bits");
    let full = RgbImage::from_raw(side(full.width), side(full.height), full.pixels)
        .expect("the size is right");
    let seen = Seen::of(variant);
    similarity(&brightness(seen.rgb()), &brightness(&reference(full, variant)), seen.width())
}

/// The likeness to a picture that was never encoded, and the mean distance of the two in steps of a byte, by channel.
pub(crate) fn likeness_to(variant: &Variant, picture: &RgbImage) -> (f64, [f64; 3]) {
    let seen = Seen::of(variant);
    let reference = reference(picture.clone(), variant);
    let likeness = similarity(&brightness(seen.rgb()), &brightness(&reference), seen.width());
    let mut sums = [0_u32; 3];
    let (reference, _) = reference.as_chunks::<3>();
    for (seen, expected) in seen.pixels().zip(reference) {
        for channel in 0..3 {
            sums[channel] += u32::from(seen[channel].abs_diff(expected[channel]));
        }
    }
    let count = f64::from(u32::try_from(reference.len()).expect("a variant is small"));
    (likeness, sums.map(|sum| f64::from(sum) / count))
}

fn reference(full: RgbImage, variant: &Variant) -> Vec<u8> {
    let full = DynamicImage::from(DynamicImage::from(full).into_rgb32f());
    let (width, height) = (variant.width, variant.height);
    full.resize_exact(width, height, FilterType::Lanczos3).into_rgb8().into_raw()
}

fn brightness(rgb: &[u8]) -> Vec<f64> {
    let weigh = |[red, green, blue]: &[u8; 3]| {
        0.299 * f64::from(*red) + 0.587 * f64::from(*green) + 0.114 * f64::from(*blue)
    };
    rgb.as_chunks::<3>().0.iter().map(weigh).collect()
}

/// SSIM of Wang et al. 2004, with square windows side by side.
fn similarity(left: &[f64], right: &[f64], width: usize) -> f64 {
    let height = left.len() / width;
    let mut sum = 0.0;
    let mut count = 0.0;
    for y in (0..=height - WINDOW_PIXELS).step_by(WINDOW_PIXELS) {
        for x in (0..=width - WINDOW_PIXELS).step_by(WINDOW_PIXELS) {
            sum += window(left, right, width, x, y);
            count += 1.0;
        }
    }
    sum / count
}

fn window(left: &[f64], right: &[f64], width: usize, x: usize, y: usize) -> f64 {
    const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
    const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);
    let places =
        || (y..y + WINDOW_PIXELS).flat_map(|y| (x..x + WINDOW_PIXELS).map(move |x| y * width + x));
    let count = f64::from(u32::try_from(WINDOW_PIXELS * WINDOW_PIXELS).expect("64"));
    let mean = |of: &dyn Fn(usize) -> f64| places().map(of).sum::<f64>() / count;
    let (mean_left, mean_right) = (mean(&|at| left[at]), mean(&|at| right[at]));
    let variance_left = mean(&|at| (left[at] - mean_left).powi(2));
    let variance_right = mean(&|at| (right[at] - mean_right).powi(2));
    let covariance = mean(&|at| (left[at] - mean_left) * (right[at] - mean_right));
    let brightness =
        (2.0 * mean_left * mean_right + C1) / (mean_left.powi(2) + mean_right.powi(2) + C1);
    brightness * (2.0 * covariance + C2) / (variance_left + variance_right + C2)
}

#[test]
fn variants_look_like_the_best_that_can_be_made() {
    // At one half, 2725 by 2225 are 1362.5 by 1112.5: whoever resamples 1363 by 1113 shifts the picture. 2801 by 1867
    // are decoded at three eighths, hardly greater than the variant.
    for (width, height) in [(2725, 2225), (1500, 1126), (2801, 1867)] {
        let original = jpeg(&scene(width, height), Kind::Baseline);
        for variant in rendered(&original) {
            let likeness = likeness(&variant, &original);
            assert!(likeness >= 0.98, "{} of {width} x {height}: {likeness}", variant.name);
        }
    }
}

#[test]
fn the_measure_tells_a_picture_from_another_and_from_itself_shifted() {
    let picture = brightness(scene(400, 300).as_raw());
    assert!(similarity(&picture, &picture, 400) > 0.999_999);
    let shifted: Vec<f64> = picture.iter().cycle().skip(2).take(picture.len()).copied().collect();
    assert!(similarity(&picture, &shifted, 400) < 0.9);
}
