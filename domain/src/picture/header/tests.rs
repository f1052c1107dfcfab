//! Headers made by hand: what they say, what they claim, and where they are cut.

use proptest::prelude::*;

use crate::picture::{
    Code, Format, Header, Limits, Orientation, inspect, jpeg_profile, jpeg_profile_is_whole,
};

fn read(bytes: &[u8]) -> Header {
    inspect(bytes, &Limits::default()).unwrap()
}

fn code(bytes: &[u8]) -> Code {
    inspect(bytes, &Limits::default()).unwrap_err().code
}

fn exif(orientation: u8) -> Vec<u8> {
    [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[orientation], b"\0\0"]
        .concat()
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap();
    [&[0xFF, marker], length.to_be_bytes().as_slice(), content].concat()
}

fn frame(marker: u8, width: u16, height: u16, samplings: &[u8]) -> Vec<u8> {
    let mut content = vec![8];
    content.extend(height.to_be_bytes());
    content.extend(width.to_be_bytes());
    content.push(u8::try_from(samplings.len()).unwrap());
    for (id, sampling) in (1..).zip(samplings) {
        content.extend([id, *sampling, 0]);
    }
    segment(marker, &content)
}

fn scan(channels: u8) -> Vec<u8> {
    segment(0xDA, &[&[channels], [0, 0].repeat(channels.into()).as_slice(), &[0, 63, 0]].concat())
}

fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    [b"\xFF\xD8".to_vec(), segments.concat()].concat()
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [length.to_be_bytes().as_slice(), kind, content, &[0; 4]].concat()
}

fn png(width: u32, height: u32, depth_bits: u8, colour: u8, more: &[Vec<u8>]) -> Vec<u8> {
    let first =
        [&width.to_be_bytes(), &height.to_be_bytes(), [depth_bits, colour, 0, 0, 0].as_slice()]
            .concat();
    let chunks = [chunk(b"IHDR", &first), more.concat(), chunk(b"IEND", &[])].concat();
    [b"\x89PNG\r\n\x1A\n".to_vec(), chunks].concat()
}

fn interlaced(mut png: Vec<u8>) -> Vec<u8> {
    png[28] = 1;
    png
}

fn riff_chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [kind.as_slice(), &length.to_le_bytes(), content, &[0][..content.len() % 2]].concat()
}

fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
    riff_chunk(b"RIFF", &[b"WEBP".to_vec(), chunks.concat()].concat())
}

fn canvas(width: u32, height: u32) -> Vec<u8> {
    let sides = [&(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat();
    riff_chunk(b"VP8X", &[vec![0; 4], sides].concat())
}

fn lossy(width: u16, height: u16) -> Vec<u8> {
    let sides = [width.to_le_bytes(), height.to_le_bytes()].concat();
    riff_chunk(b"VP8 ", &[b"\x10\0\0\x9D\x01\x2A".to_vec(), sides].concat())
}

fn lossless(width: u32, height: u32) -> Vec<u8> {
    let sides = (width - 1) | (height - 1) << 14;
    riff_chunk(b"VP8L", &[b"\x2F".to_vec(), sides.to_le_bytes().to_vec()].concat())
}

fn webp_frame(width: u32, height: u32, picture: &[u8]) -> Vec<u8> {
    let sides = [&(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat();
    riff_chunk(b"ANMF", &[vec![0; 6], sides, vec![0; 4], picture.to_vec()].concat())
}

fn gif(width: u16, height: u16, frames: &[(u16, u16)]) -> Vec<u8> {
    let mut bytes =
        [b"GIF89a".as_slice(), &width.to_le_bytes(), &height.to_le_bytes(), b"\x80\0\0"].concat();
    bytes.extend([0; 6]);
    for (width, height) in frames {
        bytes.extend(b"\x21\xF9\x04\0\0\0\0\0\x2C\0\0\0\0");
        bytes.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
        bytes.extend(b"\0\x02\x02\x44\x01\0");
    }
    bytes.push(0x3B);
    bytes
}

fn bmp(width: i32, height: i32) -> Vec<u8> {
    let sides = [width.to_le_bytes(), height.to_le_bytes()].concat();
    [b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec(), sides, vec![1, 0, 24, 0]].concat()
}

fn tiff(entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    for (tag, kind, value) in entries {
        bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        bytes.extend([1_u32.to_le_bytes(), value.to_le_bytes()].concat());
    }
    bytes
}

/// One small valid header of each format, each with as much in it as the format knows.
fn samples() -> Vec<Vec<u8>> {
    vec![
        jpeg(&[
            segment(0xE1, &[b"Exif\0\0".to_vec(), exif(6)].concat()),
            segment(0xEE, b"Adobe\0d\0\0\0\0\x01"),
            frame(0xC2, 40, 30, &[0x22, 0x11, 0x11]),
            scan(3),
        ]),
        png(
            40,
            30,
            8,
            6,
            &[
                chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]),
                chunk(b"eXIf", &exif(3)),
                chunk(b"IDAT", &[1; 9]),
            ],
        ),
        webp(&[
            canvas(40, 30),
            webp_frame(40, 30, &[]),
            webp_frame(20, 10, &[]),
            riff_chunk(b"EXIF", &exif(8)),
        ]),
        webp(&[lossy(40, 30)]),
        webp(&[lossless(40, 30)]),
        gif(40, 30, &[(40, 30), (20, 10)]),
        bmp(40, -30),
        tiff(&[(256, 3, 40), (257, 4, 30), (258, 3, 16), (274, 3, 5), (277, 3, 3)]),
    ]
}

#[test]
fn each_format_tells_its_size() {
    for bytes in samples() {
        let header = read(&bytes);
        assert_eq!((header.width, header.height), (40, 30), "{header:?}");
    }
}

#[test]
fn a_jpeg_tells_orientation_adobe_and_the_memory_of_its_coefficients() {
    let header = read(&samples()[0]);
    assert_eq!(
        (header.format, header.orientation, header.adobe),
        (Format::Jpeg, Orientation::Rotate90, true)
    );
    assert_eq!(header.upright_size(), (30, 40));
    // 3 by 2 units of 16 by 16 pixels, each of 4 + 1 + 1 blocks of 64 coefficients of 2 bytes.
    assert_eq!(header.decode_bytes, 3 * 2 * 6 * 64 * 2);
    let baseline = read(&jpeg(&[frame(0xC0, 40, 30, &[0x22, 0x11, 0x11]), scan(3)]));
    assert_eq!((baseline.decode_bytes, baseline.adobe), (40 * 30 * 3, false));
    let in_three_scans = read(&jpeg(&[frame(0xC0, 40, 30, &[0x22, 0x11, 0x11]), scan(1)]));
    assert_eq!(in_three_scans.decode_bytes, header.decode_bytes);
}

#[test]
fn fill_bytes_and_stray_bytes_between_segments_are_skipped() {
    let mut bytes = b"\xFF\xD8\xFF\xFF\xFF".to_vec();
    bytes.extend(&segment(0xFE, b"hello")[1..]);
    bytes.extend(b"stray\xFF\0");
    bytes.extend(jpeg(&[frame(0xC0, 7, 9, &[0x11]), scan(1)])[2..].iter());
    assert_eq!((read(&bytes).width, read(&bytes).height), (7, 9));
}

#[test]
fn frames_are_counted_and_limited() {
    assert_eq!(read(&samples()[1]).frames, 2);
    assert_eq!(read(&samples()[2]).frames, 2);
    assert_eq!(read(&samples()[5]).frames, 2);
    assert_eq!(code(&gif(1, 1, &[(1, 1); 10_000])), Code::TooManyPixels);
    assert_eq!(
        code(&webp(&[canvas(1, 1), webp_frame(1, 1, &[]).repeat(10_000)])),
        Code::TooManyPixels
    );
    assert_eq!(code(&png(1, 1, 8, 2, &[chunk(b"acTL", &[0xFF; 8])])), Code::TooManyPixels);
}

#[test]
fn png_webp_and_tiff_tell_their_orientation() {
    assert_eq!(read(&samples()[1]).orientation, Orientation::Rotate180);
    assert_eq!(read(&samples()[2]).orientation, Orientation::Rotate270);
    assert_eq!(read(&samples()[7]).orientation, Orientation::Transpose);
}

#[test]
fn sizes_beyond_the_limits_are_refused() {
    let bombs = [
        jpeg(&[frame(0xC0, 65_535, 65_535, &[0x11]), scan(1)]),
        jpeg(&[frame(0xC0, 50_000, 50_000, &[0x22, 0x11, 0x11]), scan(3)]),
        jpeg(&[frame(0xC0, 16_385, 1, &[0x11]), scan(1)]),
        png(50_000, 50_000, 8, 2, &[]),
        png(u32::MAX, u32::MAX, 16, 6, &[]),
        interlaced(png(7_000, 7_000, 16, 6, &[])),
        webp(&[canvas(16_777_216, 16_777_216)]),
        webp(&[lossless(16_384, 16_384)]),
        webp(&[canvas(10, 10), webp_frame(16_000_000, 16_000_000, &[])]),
        gif(65_535, 65_535, &[(1, 1)]),
        gif(10, 10, &[(65_535, 65_535)]),
        bmp(i32::MAX, i32::MIN),
        tiff(&[(256, 4, u32::MAX), (257, 4, u32::MAX), (258, 3, u32::MAX), (277, 4, u32::MAX)]),
    ];
    for bomb in bombs {
        assert_eq!(code(&bomb), Code::TooManyPixels, "{:?}", &bomb[..30.min(bomb.len())]);
    }
}

#[test]
fn the_greatest_picture_that_is_taken_is_taken() {
    assert_eq!(
        read(&jpeg(&[frame(0xC0, 10_000, 5_000, &[0x22, 0x11, 0x11]), scan(3)])).pixels(),
        50_000_000
    );
    assert_eq!(
        read(&jpeg(&[frame(0xC2, 10_000, 5_000, &[0x11, 0x11, 0x11]), scan(3)])).pixels(),
        50_000_000
    );
    assert_eq!(read(&png(10_000, 5_000, 16, 6, &[])).pixels(), 50_000_000);
    assert_eq!(read(&interlaced(png(10_000, 5_000, 8, 6, &[]))).pixels(), 50_000_000);
    assert_eq!(read(&gif(10_000, 5_000, &[(10_000, 5_000)])).decode_bytes, 200_000_000);
    assert_eq!(read(&webp(&[lossy(10_000, 5_000)])).pixels(), 50_000_000);
    assert_eq!(read(&webp(&[lossless(9_000, 5_000)])).pixels(), 45_000_000);
    assert_eq!(code(&png(10_000, 5_001, 8, 6, &[])), Code::TooManyPixels);
}

#[test]
fn a_body_beyond_the_limit_is_refused_before_anything_else() {
    let limits = Limits { body_bytes_max: 10, ..Limits::default() };
    assert_eq!(inspect(&[0; 11], &limits).unwrap_err().code, Code::TooLarge);
    assert_eq!(inspect(&[0; 10], &limits).unwrap_err().code, Code::UnsupportedFormat);
}

#[test]
fn a_profile_is_put_together_from_its_segments_in_their_order() {
    let part = |number: u8, count: u8, text: &[u8]| {
        segment(0xE2, &[b"ICC_PROFILE\0".as_slice(), &[number, count], text].concat())
    };
    let file = |parts: &[Vec<u8>]| {
        jpeg(&[segment(0xE2, b"MPF\0"), parts.concat(), frame(0xC0, 9, 9, &[0x11]), scan(1)])
    };
    let profile = |parts: &[Vec<u8>]| jpeg_profile(&file(parts), 10);
    assert_eq!(profile(&[part(1, 1, b"whole")]), Some(b"whole".to_vec()));
    assert_eq!(profile(&[part(2, 2, b"lo"), part(1, 2, b"hel")]), Some(b"hello".to_vec()));
    assert_eq!(profile(&[]), None);
    assert_eq!(profile(&[part(1, 2, b"hel")]), None, "a part is missing");
    assert_eq!(profile(&[part(1, 2, b"a"), part(1, 2, b"b")]), None, "a part is there twice");
    assert_eq!(profile(&[part(0, 1, b"a")]), None, "numbers begin at 1");
    assert_eq!(profile(&[part(1, 1, b"more than ten")]), None, "it is too long");
    assert_eq!(profile(&vec![part(1, 255, b""); 300]), None, "there are too many parts");
    let is_whole = |parts: &[Vec<u8>]| jpeg_profile_is_whole(&file(parts));
    assert!(is_whole(&[]) && is_whole(&[part(1, 1, b"more than ten")]));
    assert!(!is_whole(&[part(1, 2, b"hel")]) && !is_whole(&[part(0, 1, b"a")]));
}

#[test]
fn contradictions_are_corrupt() {
    let contradictions = [
        jpeg(&[frame(0xC0, 0, 9, &[0x11]), scan(1)]),
        jpeg(&[frame(0xC0, 9, 0, &[0x11]), scan(1)]),
        jpeg(&[scan(1)]),
        jpeg(&[frame(0xC0, 9, 9, &[0x11]), frame(0xC0, 8, 8, &[0x11]), scan(1)]),
        jpeg(&[frame(0xC0, 9, 9, &[0x51]), scan(1)]),
        jpeg(&[frame(0xC0, 9, 9, &[0x11]), b"\xFF\xD9".to_vec()]),
        png(9, 9, 7, 2, &[]),
        png(9, 9, 8, 5, &[]),
        [b"\x89PNG\r\n\x1A\n".to_vec(), chunk(b"IEND", &[])].concat(),
        webp(&[]),
        webp(&[canvas(9, 9), lossy(10, 9)]),
        webp(&[riff_chunk(b"VP8 ", &[0; 10])]),
        webp(&[canvas(9, 9), webp_frame(9, 9, &lossless(16_000, 16_000))]),
        gif(9, 9, &[]),
        bmp(-9, 9),
        tiff(&[(256, 3, 9)]),
    ];
    for bytes in contradictions {
        assert_eq!(code(&bytes), Code::Corrupt, "{:?}", &bytes[..30.min(bytes.len())]);
    }
}

#[test]
fn jpegs_that_nobody_sends_are_unsupported() {
    for marker in [0xC3, 0xC5, 0xC7, 0xCB, 0xCF] {
        assert_eq!(code(&jpeg(&[frame(marker, 9, 9, &[0x11]), scan(1)])), Code::UnsupportedFormat);
    }
    assert_eq!(code(&jpeg(&[frame(0xC0, 9, 9, &[0x11, 0x11]), scan(2)])), Code::UnsupportedFormat);
    assert_eq!(
        code(&jpeg(&[segment(0xC1, &[12, 0, 9, 0, 9, 1, 1, 0x11, 0]), scan(1)])),
        Code::UnsupportedFormat
    );
}

#[test]
fn a_header_cut_anywhere_is_refused() {
    // A GIF may lack all that comes after its first frame's descriptor, a WebP its last byte of padding,
    // and a BMP all that comes after its size.
    let ends = [usize::MAX, usize::MAX, usize::MAX, usize::MAX, 25, 37, 26, usize::MAX];
    for (bytes, end) in samples().iter().zip(ends) {
        for cut in 0..bytes.len().min(end) {
            let Err(failure) = inspect(&bytes[..cut], &Limits::default()) else {
                // The one cut that a TIFF survives is among tags after its size.
                assert!(bytes.starts_with(b"II") && cut >= 34, "cut at {cut}: {bytes:?}");
                continue;
            };
            assert!(matches!(failure.code, Code::Corrupt | Code::UnsupportedFormat), "{failure}");
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), magic in 0..8_usize) {
        let sample = &samples()[magic];
        let bytes = [&sample[..16.min(sample.len())], &bytes].concat();
        let _ = inspect(&bytes, &Limits::default());
    }

    #[test]
    fn mutated_headers_never_panic_and_never_pass_the_limits(
        sample in 0..8_usize,
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = samples().swap_remove(sample);
        for (place, value) in mutations {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        bytes.truncate(cut.index(bytes.len() * 3).max(1));
        let limits = Limits::default();
        if let Ok(header) = inspect(&bytes, &limits) {
            prop_assert!(header.pixels() <= limits.pixels_max && header.pixels() > 0);
            prop_assert!(header.width.max(header.height) <= limits.side_pixels_max);
            prop_assert!(header.decode_bytes <= limits.decode_bytes_max);
        }
    }
}
