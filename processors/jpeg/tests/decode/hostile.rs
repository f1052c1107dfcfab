//! Files that are damaged, or of another kind.

use std::ops::ControlFlow;

use proptest::prelude::*;
use scaled_jpeg::{Decoder, Error, Scale};
use turbojpeg::Subsamp;

use crate::{
    make::{Making, jpeg, library, scene, spec},
    writer::{Dice, Spec, blocks, write},
};

/// How many damaged files are tried, unless the environment's `MUTATIONS` says another number.
const MUTATIONS: usize = 3_000;

fn mutations() -> usize {
    std::env::var("MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(MUTATIONS)
}

/// Decodes and throws away.
fn outcome(file: &[u8], scale: Scale) -> Result<(), Error> {
    Decoder::new(file)?.bands(scale, |_| ControlFlow::Continue(()))
}

fn sound() -> Vec<Vec<u8>> {
    let made = |sampling| {
        let making = Making { quality: 85, sampling, is_progressive: false };
        jpeg(&scene(75, 50), 75, 50, &making)
    };
    let restarting = Spec { restart_interval: 3, ..spec(&[(2, 2), (1, 1), (1, 1)]) };
    let written = write(&restarting, &blocks(&restarting));
    vec![made(Subsamp::Sub2x2), made(Subsamp::Gray), made(Subsamp::Sub1x2), written]
}

#[test]
fn a_file_cut_anywhere_is_corrupt() {
    for file in sound() {
        for scale in [Scale::WHOLE, Scale::QUARTER, Scale::EIGHTH] {
            assert_eq!(outcome(&file, scale), Ok(()));
            for length in 0..file.len() {
                let cut = outcome(&file[..length], scale);
                assert!(matches!(cut, Err(Error::Corrupt(_))), "{length}: {cut:?}");
            }
        }
    }
}

#[test]
fn a_changed_file_never_brings_us_down_and_is_told_alike_at_every_scale() {
    let mut dice = Dice(0xD1CE);
    let files = sound();
    for _ in 0..mutations() {
        let mut file = files[dice.below(files.len())].clone();
        for _ in 0..=dice.below(3) {
            let at = dice.below(file.len());
            match dice.below(4) {
                0 => file[at] = dice.below(256) as u8,
                1 => file[at] ^= 1 << dice.below(8),
                2 => drop(file.remove(at)),
                _ => file.insert(at, [0, 0xFF, 0xD0][dice.below(3)]),
            }
        }
        let whole = outcome(&file, Scale::WHOLE);
        for scale in [Scale::HALF, Scale::EIGHTH] {
            assert_eq!(outcome(&file, scale), whole);
        }
    }
}

#[test]
fn what_we_take_the_library_takes_too() {
    let mut dice = Dice(0xBEEF);
    let files = sound();
    let mut taken = 0;
    for _ in 0..mutations() {
        let mut file = files[dice.below(files.len())].clone();
        let at = dice.below(file.len());
        file[at] ^= 1 << dice.below(8);
        if outcome(&file, Scale::EIGHTH).is_ok() {
            taken += 1;
            let theirs = library(&file, 8);
            assert!(theirs.is_ok(), "byte {at}: {theirs:?}");
        }
    }
    assert!(taken > mutations() / 100, "{taken} were still pictures");
}

#[test]
fn a_header_that_claims_much_costs_little() {
    let small = spec(&[(2, 2), (1, 1), (1, 1)]);
    let huge = Spec { width: 65_535, height: 65_535, ..small.clone() };
    let file = write(&huge, &blocks(&small));
    let mut bands = 0;
    let decoded = Decoder::new(&file).unwrap().bands(Scale::WHOLE, |_| {
        bands += 1;
        ControlFlow::Continue(())
    });
    assert!(matches!(decoded, Err(Error::Corrupt(_))));
    assert_eq!(bands, 0, "the data ends in the first");
}

#[test]
fn other_kinds_are_left_to_others() {
    let making = Making { quality: 85, sampling: Subsamp::Sub2x2, is_progressive: true };
    let progressive = jpeg(&scene(40, 40), 40, 40, &making);
    assert!(matches!(outcome(&progressive, Scale::HALF), Err(Error::Unsupported(_))));
    let narrow = spec(&[(4, 1), (1, 1), (1, 1)]);
    let narrow = write(&narrow, &blocks(&narrow));
    assert!(library(&narrow, 8).is_ok());
    assert!(matches!(outcome(&narrow, Scale::HALF), Err(Error::Unsupported(_))));
}

#[test]
fn a_visitor_may_stop_and_a_buffer_must_fit() {
    let file = &sound()[0];
    let decoder = Decoder::new(file).unwrap();
    let mut bands = 0;
    let stopped = decoder.bands(Scale::WHOLE, |_| {
        bands += 1;
        ControlFlow::Break(())
    });
    assert_eq!((stopped, bands), (Err(Error::Stopped), 1));
    let needed_bytes = 3 * 75 * 50;
    assert_eq!(decoder.rgb(Scale::WHOLE, &mut [0; 5]), Err(Error::Buffer { needed_bytes }));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = outcome(&bytes, Scale::WHOLE);
        let framed = [&sound_header(), bytes.as_slice()].concat();
        for scale in Scale::all() {
            let _ = outcome(&framed, scale);
        }
    }
}

/// All before the data of a sound file.
fn sound_header() -> Vec<u8> {
    let small = Spec { width: 20, height: 20, ..spec(&[(2, 1), (1, 1), (1, 1)]) };
    let file = write(&small, &blocks(&small));
    let scan = file.windows(2).position(|pair| pair == [0xFF, 0xDA]).expect("there is a scan");
    file[..scan + 2 + 12].to_vec()
}
