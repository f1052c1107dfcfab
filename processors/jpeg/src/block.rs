//! Reads one block: the coefficients that the smaller picture needs, and past the others.

use crate::{
    bits::Bits,
    tables::{Coding, Coefficients, ENTRY_BITS, Entry, SKIP_BITS},
    zigzag::NATURAL,
};

/// How to read the blocks of one component.
pub(crate) struct Reader {
    /// By what the coefficients are multiplied, in the order of the file.
    factors: [f32; 64],
    /// The last coefficient that is needed, in the order of the file.
    needed: usize,
}

impl Reader {
    pub(crate) fn new(factors: [f32; 64], needed: usize) -> Self {
        Self { factors, needed }
    }

    /// Reads a block into `block`, row by row, which must be all zeros. `before` is the first coefficient of the
    /// block before, and becomes that of this one.
    ///
    /// Tells the last coefficient that may not be zero, in the order of the file. None if the data is damaged.
    #[inline(always)]
    pub(crate) fn read(
        &self,
        coding: &Coding,
        bits: &mut Bits<'_>,
        before: &mut i32,
        block: &mut [f32; 64],
    ) -> Option<usize> {
        bits.fill();
        let entry = whole(&coding.first, bits)?;
        bits.pass(entry.bits());
        *before = before.wrapping_add(entry.value());
        block[0] = *before as f32 * self.factors[0];

        let mut next = 1;
        while next <= self.needed {
            bits.fill();
            let entry = whole(&coding.others, bits)?;
            let place = next + entry.zeros();
            if place >= 63 {
                bits.pass(bits_at_the_edge(entry, place)?);
                block[63] += entry.value() as f32 * self.factors[63];
                return Some(63);
            }
            bits.pass(entry.bits());
            block[usize::from(NATURAL[place]) % 64] = entry.value() as f32 * self.factors[place];
            if entry.ends() {
                return Some(if entry.value() == 0 { next - 1 } else { place });
            }
            next = place + 1;
        }
        skip(coding, bits, next)?;
        Some(next - 1)
    }
}

/// Passes the rest of a block of which the coefficients from `next` on are not needed.
#[inline(always)]
fn skip(coding: &Coding, bits: &mut Bits<'_>, mut next: usize) -> Option<()> {
    while next < 64 {
        bits.fill();
        let leap = coding.skipped.leap(bits.peek(SKIP_BITS));
        if leap.bits() > 0 && next + leap.advance() <= 64 {
            bits.pass(leap.bits());
            next += leap.advance();
            if leap.ends() {
                return Some(());
            }
            continue;
        }
        let entry = whole(&coding.others, bits)?;
        let place = next + entry.zeros();
        if place >= 63 {
            bits.pass(bits_at_the_edge(entry, place)?);
            return Some(());
        }
        bits.pass(entry.bits());
        if entry.ends() {
            return Some(());
        }
        next = place + 1;
    }
    Some(())
}

/// The next entry, however long it is.
#[inline(always)]
fn whole(table: &Coefficients, bits: &Bits<'_>) -> Option<Entry> {
    let entry = table.entry(bits.peek(ENTRY_BITS));
    if entry.is_long() { table.long(bits.window()) } else { Some(entry) }
}

/// How many bits to pass if the coefficient is the last: no end follows, and what looks like one is the next block.
#[inline(always)]
fn bits_at_the_edge(entry: Entry, place: usize) -> Option<u32> {
    (place == 63).then(|| entry.bits() - entry.end_bits())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{code::Code, zigzag::last_within};

    /// First coefficients: no bits 0, two bits 10. Others: end 0, one bit 10, fifteen zeros and one bit 110,
    /// sixteen zeros 1110.
    fn coding() -> Coding {
        let code = |symbols: &[u8]| {
            let mut definition = vec![0; 16];
            definition[..symbols.len()].fill(1);
            definition.extend(symbols);
            Code::read(&definition).unwrap().0
        };
        Coding::new(&code(&[0, 2]), &code(&[0, 1, 0xF1, 0xF0])).unwrap()
    }

    type Stored = Vec<(usize, f32)>;

    /// The stored coefficients with their places, the last of them, and how many bits the block took.
    fn read(side: usize, data: &[u8]) -> Option<(Stored, usize, u32)> {
        let mut block = [0.0; 64];
        let factors = std::array::from_fn(|place| place as f32 + 1.0);
        let reader = Reader::new(factors, last_within((side, side)));
        let mut bits = Bits::new(data);
        let last = reader.read(&coding(), &mut bits, &mut 5, &mut block)?;
        let stored = (0..64).map(|at| (at, block[at])).filter(|(_, value)| *value != 0.0).collect();
        let mut left = 0;
        loop {
            bits.fill();
            bits.pass(1);
            if !bits.is_sound() {
                return Some((stored, last, data.len() as u32 * 8 - left));
            }
            left += 1;
        }
    }

    #[test]
    fn a_block_is_stored_row_by_row_until_its_end() {
        // 10 11: +3; 10 1: +1; 10 0: -1; 0: the end.
        let data = [0b1011_1011, 0b0001_1111, 0xFE];
        let expected = vec![(0, 8.0), (1, 2.0), (8, -3.0)];
        assert_eq!(read(8, &data), Some((expected, 2, 11)));
    }

    #[test]
    fn what_is_not_needed_is_passed() {
        let data = [0b1011_1011, 0b0001_1111, 0xFE];
        assert_eq!(read(1, &data), Some((vec![(0, 8.0)], 0, 11)));
    }

    #[test]
    fn after_the_last_coefficient_no_end_is_read() {
        // 0; 1110 1110 1110: 48 zeros; 10 1 fourteen times: to the 62nd; 10 1: the 63rd; then a 0 of the next block.
        let bits = format!("0111011101110{}0", "101".repeat(15));
        let data: Vec<u8> = (0..bits.len().div_ceil(8))
            .map(|at| format!("{:1<8}", &bits[at * 8..bits.len().min(at * 8 + 8)]))
            .map(|byte| u8::from_str_radix(&byte, 2).unwrap())
            .collect();
        for side in 1..=8 {
            let (_, _, bits_used) = read(side, &data).unwrap();
            assert_eq!(bits_used, 13 + 45, "with {side}");
        }
    }

    #[test]
    fn coefficients_beyond_the_block_are_damage() {
        // 0; 1110 four times: 64 zeros.
        let data = [0b0111_0111, 0b0111_0111, 0b0000_0000];
        for side in 1..=8 {
            assert_eq!(read(side, &data), None, "with {side}");
        }
    }
}
