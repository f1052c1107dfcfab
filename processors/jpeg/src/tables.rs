//! What the next bits mean, looked up at once: a word, the value after it, and often what comes next as well.

use crate::{
    code::{CODE_BITS_MAX, Code, extended},
    error::Error,
};

/// The tables of whole entries are asked with this many bits. More bits answer more often, but not from the first
/// cache.
pub(crate) const ENTRY_BITS: u32 = 11;
/// The tables for what is skipped are asked with this many bits.
pub(crate) const SKIP_BITS: u32 = 12;

/// The symbol for sixteen zeros.
const ZEROS: u8 = 0xF0;
/// A block has so many coefficients.
const COEFFICIENTS: u32 = 64;

/// A coefficient, and what it takes to get beyond it.
///
/// ```text
///  31            16 15        11 10          7 6     5     4            0
/// |     value      | zeros before | bits of end | long | end | bits in all |
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry(u32);

impl Entry {
    const END: u32 = 1 << 5;
    /// The bits asked with were too few: ask [`Coefficients::long`].
    const LONG: Self = Self(1 << 6);

    fn new(bits: u32, zeros: u32, value: i32) -> Self {
        let value = u32::from((value as i16).cast_unsigned());
        Self(value << 16 | zeros << 11 | bits)
    }

    /// The word for "the rest is zero", alone.
    fn bare_end(bits: u32) -> Self {
        Self(Self::END | bits)
    }

    /// The same entry with that word after it.
    fn ending(self, bits: u32) -> Self {
        Self((self.0 + bits) | Self::END | bits << 7)
    }

    #[inline(always)]
    pub(crate) fn is_long(self) -> bool {
        self.0 & Self::LONG.0 != 0
    }

    /// All bits of this entry, at most 31.
    #[inline(always)]
    pub(crate) fn bits(self) -> u32 {
        self.0 & 31
    }

    /// Whether the rest of the block is zero.
    #[inline(always)]
    pub(crate) fn ends(self) -> bool {
        self.0 & Self::END != 0
    }

    /// Among the bits, those which say that the rest is zero after a coefficient. No word says so after the last
    /// coefficient of a block: there, these bits belong to the next block.
    #[inline(always)]
    pub(crate) fn end_bits(self) -> u32 {
        self.0 >> 7 & 15
    }

    /// How many coefficients before this one are zero.
    #[inline(always)]
    pub(crate) fn zeros(self) -> usize {
        (self.0 >> 11 & 31) as usize
    }

    /// Zero if the entry is a bare end, or nothing but zeros.
    #[inline(always)]
    pub(crate) fn value(self) -> i32 {
        self.0.cast_signed() >> 16
    }
}

/// One way of reading the bits: those of the word and its value, the zeros before it, the value.
struct Symbol {
    bits: u32,
    zeros: u32,
    value: i32,
    is_end: bool,
}

/// `window` holds the next bits from the highest on.
fn symbol(code: &Code, window: u32) -> Option<Symbol> {
    let word = code.word(window >> CODE_BITS_MAX)?;
    let (zeros, size) = (u32::from(word.symbol >> 4), u32::from(word.symbol & 15));
    let rest = window.checked_shl(word.bits).unwrap_or(0);
    let value = if size == 0 { 0 } else { extended(rest >> (32 - size), size) };
    let is_end = size == 0 && word.symbol != ZEROS;
    Some(Symbol { bits: word.bits + size, zeros, value, is_end })
}

/// All that tells what the bits of a component mean.
pub(crate) struct Coding {
    pub(crate) first: Coefficients,
    pub(crate) others: Coefficients,
    pub(crate) skipped: Skipped,
}

impl Coding {
    pub(crate) fn new(first: &Code, others: &Code) -> Result<Self, Error> {
        Ok(Self {
            first: Coefficients::first(first)?,
            others: Coefficients::others(others),
            skipped: Skipped::new(others),
        })
    }
}

/// The code of the first coefficient, or that of the others.
pub(crate) struct Coefficients {
    entries: Box<[Entry; 1 << ENTRY_BITS]>,
    code: Code,
}

impl Coefficients {
    /// For the differences between first coefficients: symbols are sizes, and nothing ends.
    fn first(code: &Code) -> Result<Self, Error> {
        if code.symbol_max() > 15 {
            return Err(Error::Corrupt("a first coefficient has more than fifteen bits"));
        }
        Ok(Self::new(code, |_, window| match symbol(code, window) {
            Some(found) if found.bits <= ENTRY_BITS => Entry::new(found.bits, 0, found.value),
            _ => Entry::LONG,
        }))
    }

    /// For all other coefficients.
    fn others(code: &Code) -> Self {
        Self::new(code, |bits, window| match symbol(code, window) {
            Some(found) if found.bits <= bits => {
                let rest = window << found.bits;
                entry(&found, symbol(code, rest).filter(|next| found.bits + next.bits <= bits))
            }
            _ => Entry::LONG,
        })
    }

    fn new(code: &Code, entry: impl Fn(u32, u32) -> Entry) -> Self {
        let mut entries = Box::new([Entry::LONG; 1 << ENTRY_BITS]);
        for (window, place) in (0_u32..).zip(entries.iter_mut()) {
            *place = entry(ENTRY_BITS, window << (32 - ENTRY_BITS));
        }
        Self { entries, code: code.clone() }
    }

    /// The entry for the next [`ENTRY_BITS`] bits.
    #[inline(always)]
    pub(crate) fn entry(&self, bits: usize) -> Entry {
        self.entries[bits % (1 << ENTRY_BITS)]
    }

    /// The entry for bits that are too many for the table. None if they begin no word.
    #[cold]
    #[inline(never)]
    pub(crate) fn long(&self, window: u64) -> Option<Entry> {
        let found = symbol(&self.code, (window >> 32) as u32)?;
        Some(entry(&found, None))
    }
}

fn entry(found: &Symbol, next: Option<Symbol>) -> Entry {
    if found.is_end {
        return Entry::bare_end(found.bits);
    }
    let entry = Entry::new(found.bits, found.zeros, found.value);
    match next {
        Some(next) if next.is_end => entry.ending(next.bits),
        _ => entry,
    }
}

/// Several coefficients at once, of which nothing matters but where they end.
///
/// ```text
///  15         5  4    3           0
/// |  advance   | end | bits in all |
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leap(u16);

impl Leap {
    /// Zero if the bits asked with were too few.
    #[inline(always)]
    pub(crate) fn bits(self) -> u32 {
        u32::from(self.0 & 15)
    }

    #[inline(always)]
    pub(crate) fn ends(self) -> bool {
        self.0 & 16 != 0
    }

    /// By how many coefficients. The end counts for one, because no end follows the last coefficient.
    #[inline(always)]
    pub(crate) fn advance(self) -> usize {
        usize::from(self.0 >> 5)
    }
}

/// The same code, for coefficients that are not needed.
pub(crate) struct Skipped(Box<[Leap; 1 << SKIP_BITS]>);

impl Skipped {
    fn new(code: &Code) -> Self {
        let mut leaps = Box::new([Leap(0); 1 << SKIP_BITS]);
        for (window, place) in (0_u32..).zip(leaps.iter_mut()) {
            *place = leap(code, window << (32 - SKIP_BITS));
        }
        Self(leaps)
    }

    /// What the next [`SKIP_BITS`] bits hold.
    #[inline(always)]
    pub(crate) fn leap(&self, bits: usize) -> Leap {
        self.0[bits % (1 << SKIP_BITS)]
    }
}

/// As many symbols as there are whole ones.
fn leap(code: &Code, window: u32) -> Leap {
    let (mut bits, mut advance, mut end) = (0, 0, 0);
    while let Some(next) = symbol(code, window << bits).filter(|next| bits + next.bits <= SKIP_BITS)
    {
        let further = advance + next.zeros + 1;
        if further > COEFFICIENTS {
            break;
        }
        bits += next.bits;
        if next.is_end {
            (advance, end) = (advance + 1, 1);
            break;
        }
        advance = further;
    }
    Leap((advance << 5 | end << 4 | bits) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// End: 0; a value of one bit: 10; two zeros and one of two bits: 110; one of nine bits: 1110; zeros: 11110.
    fn code() -> Code {
        let mut definition = vec![1, 1, 1, 1, 1];
        definition.resize(16, 0);
        definition.extend([0x00, 0x01, 0x22, 0x09, 0xF0]);
        Code::read(&definition).unwrap().0
    }

    fn told(entry: Entry) -> (u32, usize, i32, bool, u32) {
        (entry.bits(), entry.zeros(), entry.value(), entry.ends(), entry.end_bits())
    }

    #[test]
    fn an_entry_tells_the_value_and_whether_the_block_ends() {
        let table = Coefficients::others(&code());
        assert_eq!(told(table.entry(0b000_0000_0000)), (1, 0, 0, true, 0));
        assert_eq!(told(table.entry(0b101_1000_0000)), (3, 0, 1, false, 0));
        assert_eq!(told(table.entry(0b100_0000_0000)), (4, 0, -1, true, 1));
        assert_eq!(told(table.entry(0b110_0110_0000)), (5, 2, -2, false, 0));
        assert_eq!(told(table.entry(0b111_1010_0000)), (5, 15, 0, false, 0));
    }

    #[test]
    fn what_does_not_fit_is_read_the_long_way() {
        let table = Coefficients::others(&code());
        assert!(table.entry(0b111_0100_0000).is_long());
        let long = table.long(0b1_1101_0000_0001 << 51).unwrap();
        assert_eq!(told(long), (13, 0, 257, false, 0));
        assert_eq!(table.long(u64::MAX), None, "no word begins so");
    }

    #[test]
    fn a_leap_passes_several_coefficients() {
        let table = Skipped::new(&code());
        let told = |bits| {
            let leap = table.leap(bits);
            (leap.bits(), leap.advance(), leap.ends())
        };
        assert_eq!(told(0b1011_0001_1111), (7, 3, true), "two values and the end");
        assert_eq!(told(0b1011_0110_1101), (12, 4, false), "four values");
        assert_eq!(told(0b1111_0111_1011), (10, 32, false), "zeros twice");
        assert_eq!(told(0b1110_0000_0000), (0, 0, false), "too long");
        assert_eq!(told(0b1111_1000_0000), (0, 0, false), "no word begins so");
    }

    #[test]
    fn a_first_coefficient_has_no_zeros_before_it() {
        assert!(Coefficients::first(&code()).is_err());
    }
}
