//! Very large pictures in very few bytes, written without ever having them in memory.

use std::io::Write;

use flate2::{Compression, Crc, write::ZlibEncoder};

const MEGABYTE: usize = 1 << 20;
const CHECKSUM_BYTES: usize = 4;
/// What Adler-32 counts up to.
const ADLER_MODULUS: usize = 65_521;

/// At least `length` zeros, packed behind `before`: a megabyte is packed once, and what that gives repeated.
pub(crate) fn packed_zeros(before: &[u8], length: usize) -> Vec<u8> {
    let zeros = vec![0; MEGABYTE];
    let mut packed = ZlibEncoder::new(before.to_vec(), Compression::fast());
    let mut ends = Vec::new();
    for _ in 0..2 {
        packed.write_all(&zeros).expect("memory takes all");
        packed.flush().expect("memory takes all");
        ends.push(packed.get_ref().len());
    }
    let whole = packed.finish().expect("memory takes all");
    let times = length.div_ceil(MEGABYTE);
    let end = &whole[ends[1]..whole.len() - CHECKSUM_BYTES];
    // Adler-32 of zeros: the first sum stays 1, the second counts them.
    let count = u32::try_from(times * MEGABYTE % ADLER_MODULUS).expect("a remainder is small");
    let checksum = (count << 16 | 1).to_be_bytes();
    [&whole[..ends[0]], &whole[ends[0]..ends[1]].repeat(times - 1), end, &checksum].concat()
}

/// A black PNG. `look` is its depth, colour type, and whether it is interlaced.
pub(crate) fn black_png(size: (u32, u32), look: (u8, u8, bool), row_bytes: usize) -> Vec<u8> {
    let (depth_bits, colour, is_interlaced) = look;
    let look = [depth_bits, colour, 0, 0, u8::from(is_interlaced)];
    let first = [&size.0.to_be_bytes(), &size.1.to_be_bytes(), look.as_slice()].concat();
    // Each pass of an interlaced picture has rows of its own, with a byte before each: four times the rows at most.
    let filters = if is_interlaced { 4 } else { 1 };
    let rows = packed_zeros(&[], (row_bytes + filters) * size.1 as usize);
    [
        b"\x89PNG\r\n\x1A\n".to_vec(),
        png_chunk(b"IHDR", &first),
        png_chunk(b"IDAT", &rows),
        png_chunk(b"IEND", &[]),
    ]
    .concat()
}

pub(crate) fn png_chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("the content is short");
    let named = [kind.as_slice(), content].concat();
    let mut sum = Crc::new();
    sum.update(&named);
    [length.to_be_bytes().as_slice(), &named, &sum.sum().to_be_bytes()].concat()
}
