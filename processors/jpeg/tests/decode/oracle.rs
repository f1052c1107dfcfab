//! What comes out is what libjpeg-turbo makes of the same file, and what the formula says.

use std::{f64::consts::PI, ops::ControlFlow};

use proptest::prelude::*;
use scaled_jpeg::{Decoder, Scale};
use turbojpeg::Subsamp;

use crate::{
    make::{Making, SAMPLINGS, differences, jpeg, library, scene, spec},
    writer::{Blocks, NATURAL, Spec, blocks, write},
};

/// Each component is within one of the library's, and red, green and blue are sums of them.
const DIFFERENCE_MAX: u8 = 3;
/// Where the library takes the mean of samples instead of leaving out what is too fine.
const DIFFERENCE_MEAN_MAX: f64 = 1.5;
/// In narrower pictures, the library repeats colours instead of blending them.
const BLENDED_WIDTH_MIN: usize = 5;

fn rgb(file: &[u8], scale: Scale) -> Vec<u8> {
    let decoder = Decoder::new(file).expect("a sound file");
    let size = decoder.size(scale);
    let mut rgb = vec![0; 3 * size.width * size.height];
    decoder.rgb(scale, &mut rgb).expect("a sound file");
    rgb
}

/// Brightness and the two differences of colour.
fn planes(file: &[u8], scale: Scale) -> [Vec<u8>; 3] {
    let mut planes: [Vec<u8>; 3] = Default::default();
    let visited = Decoder::new(file).expect("a sound file").bands(scale, |band| {
        for row in 0..band.len() {
            assert_eq!(planes[0].len() % band.y(row).len(), 0);
            assert_eq!(planes[0].len() / band.y(row).len(), band.top() + row);
            planes[0].extend(band.y(row));
            planes[1].extend(band.cb(row));
            planes[2].extend(band.cr(row));
        }
        ControlFlow::Continue(())
    });
    visited.expect("a sound file");
    planes
}

/// At these scales, and where both directions of the colours are sampled alike, the library does the same sums.
fn is_comparable(eighths: u8, sampling: Subsamp, width: usize) -> bool {
    if eighths == 8 && matches!(sampling, Subsamp::Sub2x1 | Subsamp::Sub2x2) {
        return width >= BLENDED_WIDTH_MIN;
    }
    let has_means = |samples: u8| matches!(samples, 2 | 4);
    let colours = match (sampling, eighths) {
        (_, 8) | (Subsamp::None | Subsamp::Gray, _) => eighths,
        (Subsamp::Sub2x2, _) => 2 * eighths,
        _ => return false,
    };
    !has_means(eighths) && !has_means(colours)
}

#[test]
fn pictures_are_those_of_the_library() {
    let sizes = [(200, 152), (201, 153), (33, 17), (16, 16), (7, 3), (1, 1), (1, 40), (40, 1)];
    for (width, height) in sizes {
        let pixels = scene(width, height);
        for sampling in SAMPLINGS {
            for quality in [30, 90, 100] {
                let making = Making { quality, sampling, is_progressive: false };
                let file = jpeg(&pixels, width, height, &making);
                for scale in Scale::all() {
                    let theirs = library(&file, scale.eighths()).unwrap();
                    let (most, mean) = differences(&rgb(&file, scale), &theirs);
                    let what = format!("{width}x{height} {sampling:?} {quality} {scale:?}");
                    if is_comparable(scale.eighths(), sampling, width) {
                        assert!(most <= DIFFERENCE_MAX, "{what}: {most}");
                    } else if width * height >= 10_000 {
                        assert!(mean <= DIFFERENCE_MEAN_MAX, "{what}: {mean}");
                    }
                }
            }
        }
    }
}

/// The samples of one component, each block enlarged `less` times, by the formula in double precision.
fn exact(spec: &Spec, component: &Blocks, less: (usize, usize), scale: Scale) -> Vec<f64> {
    let samples = usize::from(scale.eighths());
    let (wide, high) = (samples * less.0, samples * less.1);
    let (width, height) = ((spec.width * samples).div_ceil(8), (spec.height * samples).div_ceil(8));
    let sample = |x: usize, y: usize| {
        let block = &component.blocks[y / high * component.across + x / wide];
        let share = |frequency: usize, at: usize, side: usize| {
            let weight = if frequency == 0 { 0.5_f64.sqrt() } else { 1.0 };
            let angle = ((2 * (at % side) + 1) * frequency) as f64 * PI / (2 * side) as f64;
            if frequency < side { weight / 2.0 * angle.cos() } else { 0.0 }
        };
        let part = |(place, value): (usize, &i32)| {
            let (row, column) = (NATURAL[place] / 8, NATURAL[place] % 8);
            let value = f64::from(*value) * f64::from(spec.quantisation);
            if value == 0.0 { 0.0 } else { value * share(column, x, wide) * share(row, y, high) }
        };
        let sum: f64 = block.iter().enumerate().map(part).sum();
        (sum + 128.0).clamp(0.0, 255.0)
    };
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| sample(x, y)).collect()
}

/// Half a step for rounding, and a little for single precision.
fn assert_exact(spec: &Spec) {
    let components = blocks(spec);
    let file = write(spec, &components);
    for scale in Scale::all() {
        let ours = planes(&file, scale);
        for (number, component) in components.iter().enumerate() {
            let (first, own) = (spec.samplings[0], spec.samplings[number]);
            let less =
                if spec.samplings.len() == 1 { (1, 1) } else { (first.0 / own.0, first.1 / own.1) };
            if scale == Scale::WHOLE && less != (1, 1) {
                continue;
            }
            let expected = exact(spec, component, less, scale);
            assert_eq!(ours[number].len(), expected.len());
            for (ours, exact) in ours[number].iter().zip(expected) {
                let difference = (f64::from(*ours) - exact).abs();
                assert!(difference < 0.51, "{spec:?} {scale:?} {number}: {ours}, not {exact}");
            }
        }
    }
}

#[test]
fn samples_are_those_of_the_formula_at_every_scale_and_sampling() {
    for brightness in [(1, 1), (2, 1), (1, 2), (2, 2)] {
        assert_exact(&spec(&[brightness, (1, 1), (1, 1)]));
    }
    assert_exact(&spec(&[(2, 2), (1, 2), (1, 2)]));
    assert_exact(&spec(&[(2, 2), (2, 1), (1, 2)]));
    assert_exact(&spec(&[(1, 1)]));
}

#[test]
fn restarts_at_any_distance_change_nothing() {
    let plain = Spec { height: 100, ..spec(&[(2, 2), (1, 1), (1, 1)]) };
    let components = blocks(&plain);
    let expected = planes(&write(&plain, &components), Scale::WHOLE);
    for restart_interval in [1, 2, 3, 6, 7, 41, 42, 43, 1000] {
        let file = write(&Spec { restart_interval, ..plain.clone() }, &components);
        assert_eq!(planes(&file, Scale::WHOLE), expected, "every {restart_interval}");
        assert!(library(&file, 8).is_ok(), "every {restart_interval}, by the library");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_coefficients_become_the_samples_of_the_formula_and_of_the_library(
        (width, height, seed) in (BLENDED_WIDTH_MIN..70, 1_usize..70, any::<u64>()),
        quantisation in 1_u8..9,
        restart_interval in 0_u16..9,
        sampling in 0_usize..5,
    ) {
        let brightness = [(1, 1), (2, 1), (1, 2), (2, 2), (1, 1)][sampling];
        let mut samplings = vec![brightness, (1, 1), (1, 1)];
        samplings.truncate(if sampling == 4 { 1 } else { 3 });
        let spec = Spec { width, height, samplings, quantisation, restart_interval, seed };
        assert_exact(&spec);
        let file = write(&spec, &blocks(&spec));
        let (most, _) = differences(&rgb(&file, Scale::WHOLE), &library(&file, 8).unwrap());
        prop_assert!(most <= DIFFERENCE_MAX, "{}", most);
    }
}
