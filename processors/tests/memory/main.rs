//! How much memory the worker takes for pictures: five great ones at once no more than half a gigabyte.
//!
//! A process of its own, whose peak the system tells; where it does not tell it, only the work is done.

#[path = "../support/great.rs"]
mod great;
#[path = "../support/packed.rs"]
mod packed;
mod peak;
mod worker;

use std::io::Write;

use great::{FIVE, forms};
use peak::megabytes;

const RESIDENT_BYTES_MAX: u64 = 512 << 20;

fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn five_pictures_of_fifty_megapixels_at_once_stay_inside_half_a_gigabyte() {
    let each = forms();
    // Of all forms that are taken at this size, a progressive JPEG uses the most of what it asks for.
    let alike = [(); FIVE].map(|()| each[0].clone());
    for (name, pictures) in [("five progressive JPEGs", alike), ("one of each form", each)] {
        peak::begin();
        assert_eq!(worker::work_on(&pictures), FIVE, "{name}");
        let Some(peak) = peak::bytes() else { continue };
        tell(&format!("{name}: {} MB resident at the most", megabytes(peak)));
        assert!(peak <= RESIDENT_BYTES_MAX, "{name}: {} MB", megabytes(peak));
    }
}
