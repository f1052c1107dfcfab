//! What every target of the fuzzer does with the bytes it is given.

use domain::picture::{Format, Limits, Preset, inspect, sniff};
use processors::picture::render;

/// Great pictures are slow, and no more likely to be misread than small ones.
const PIXELS_MAX: u64 = 1_000_000;
const PRESETS: [Preset; 2] = [
    Preset::new("64x64.jpg", 64),
    Preset::new("50x50.jpg", 50),
];

fn limits() -> Limits {
    Limits { pixels_max: PIXELS_MAX, ..Limits::default() }
}

/// Renders what begins as the format does; a refusal must lie in the bytes, never with us.
pub fn render_as(format: Format, bytes: &[u8]) {
    if sniff(bytes) != Ok(format) {
        return;
    }
    if let Err(failure) = render(bytes, &limits(), &PRESETS, &|| false) {
        assert!(failure.is_permanent(), "{failure}");
    }
}

/// Reads the header of anything.
pub fn read_header(bytes: &[u8]) {
    let limits = limits();
    if let Ok(header) = inspect(bytes, &limits) {
        assert!(header.pixels() <= limits.pixels_max && header.pixels() > 0);
        assert!(header.decode_bytes <= limits.decode_bytes_max);
    }
}

/// Takes the bytes for the profile of a sound JPEG: the smallest there is, of eight by eight pixels.
pub fn follow_profile(profile: &[u8]) {
    const PART_BYTES_MAX: usize = 65_000;
    const COUNT_MAX: usize = 255;
    let parts: Vec<&[u8]> = profile.chunks(PART_BYTES_MAX).take(COUNT_MAX).collect();
    let count = u8::try_from(parts.len()).expect("no more than a byte counts");
    let mut bytes = b"\xFF\xD8".to_vec();
    for (number, part) in (1..=count).zip(parts) {
        let length = u16::try_from(part.len() + 16).expect("a part is short");
        bytes.extend(b"\xFF\xE2");
        bytes.extend(length.to_be_bytes());
        bytes.extend(b"ICC_PROFILE\0");
        bytes.extend([number, count]);
        bytes.extend(part);
    }
    bytes.extend(&include_bytes!("../small.jpg")[2..]);
    render_as(Format::Jpeg, &bytes);
}
