//! Photos that others took, when they lie beside the project; in a plain clone these tests say so and pass.

use std::{fs, io::Write, path::PathBuf};

use crate::{quality::likeness, rendered, seen::Seen};

fn photo(name: &str) -> Option<Vec<u8>> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/photos").join(name);
    let photo = fs::read(path).ok();
    if photo.is_none() {
        let _ = writeln!(std::io::stderr(), "{name} is not here, so nothing is tested with it");
    }
    photo
}

/// Mean distance of two pictures, in steps of a byte.
fn distance(left: &[[u8; 3]], right: &[[u8; 3]]) -> f64 {
    let sum: u32 = left
        .as_flattened()
        .iter()
        .zip(right.as_flattened())
        .map(|(a, b)| u32::from(a.abs_diff(*b)))
        .sum();
    f64::from(sum) / f64::from(u32::try_from(left.len() * 3).expect("a variant is small"))
}

/// The three ways in which a picture can be wrong and keep its size: a half turn, mirrored, upside down.
fn wrongly_turned(pixels: &[[u8; 3]], width: usize) -> [Vec<[u8; 3]>; 3] {
    let half_turn: Vec<_> = pixels.iter().rev().copied().collect();
    let mirror = |pixels: &[[u8; 3]]| {
        pixels.chunks(width).flat_map(|row| row.iter().rev()).copied().collect()
    };
    [mirror(pixels), mirror(&half_turn), half_turn]
}

#[test]
fn the_eight_orientations_of_a_photo_all_stand_upright() {
    for (name, size) in [("Landscape", (600, 450)), ("Portrait", (450, 600))] {
        let Some(first) = photo(&format!("{name}_1.jpg")) else { return };
        let first = Seen::of(&rendered(&first)[0]);
        let first: Vec<_> = first.pixels().collect();
        for orientation in 2..=8 {
            let Some(other) = photo(&format!("{name}_{orientation}.jpg")) else { return };
            let other = Seen::of(&rendered(&other)[0]);
            assert_eq!((other.width(), other.height()), size, "{name} {orientation}");
            let other: Vec<_> = other.pixels().collect();
            // Not all alike: each has a number of its own written on it.
            let distance_upright = distance(&first, &other);
            for wrong in wrongly_turned(&other, size.0) {
                let distance_wrong = distance(&first, &wrong);
                assert!(
                    distance_upright * 2.0 < distance_wrong,
                    "{name} {orientation}: {distance_upright}, {distance_wrong}"
                );
            }
        }
    }
}

#[test]
fn photos_from_cameras_look_like_the_best_that_can_be_made() {
    for name in ["book-beside-flowers.jpg", "craft-beer.jpg"] {
        let Some(original) = photo(name) else { continue };
        for variant in rendered(&original) {
            let likeness = likeness(&variant, &original);
            assert!(likeness >= 0.95, "{} of {name}: {likeness}", variant.name);
        }
    }
}
