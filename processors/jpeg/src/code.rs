//! A Huffman code as a file defines it (ITU-T T.81, annex C).

use crate::error::Error;

/// No code is longer.
pub(crate) const CODE_BITS_MAX: u32 = 16;

/// A code word: how long it is, and the symbol it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) bits: u32,
    pub(crate) symbol: u8,
}

/// The code: its symbols from the shortest word to the longest.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    symbols: Vec<u8>,
    /// For each length, the first number of sixteen bits that no word up to this length begins.
    ends: [u32; CODE_BITS_MAX as usize],
    /// For each length, what to add to a word to get the place of its symbol.
    places: [i32; CODE_BITS_MAX as usize],
}

impl Code {
    /// Reads a definition and gives what follows it.
    pub(crate) fn read(definition: &[u8]) -> Result<(Self, &[u8]), Error> {
        let cut = Error::Corrupt("a huffman table is cut short");
        let (counts, rest) = definition.split_first_chunk::<16>().ok_or(cut)?;
        let total: usize = counts.iter().map(|count| usize::from(*count)).sum();
        if total > 256 {
            return Err(Error::Corrupt("a huffman table has too many symbols"));
        }
        let (symbols, rest) = rest.split_at_checked(total).ok_or(cut)?;
        Ok((Self::new(counts, symbols)?, rest))
    }

    fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, Error> {
        let mut code = Self { symbols: symbols.to_vec(), ends: [0; 16], places: [0; 16] };
        let (mut word, mut place) = (0_u32, 0_i32);
        for (length, count) in (1_u32..).zip(counts) {
            word <<= 1;
            let index = length as usize - 1;
            code.places[index] = place - word.cast_signed();
            word += u32::from(*count);
            place += i32::from(*count);
            if word > 1 << length {
                return Err(Error::Corrupt("a huffman table is no code"));
            }
            code.ends[index] = word << (CODE_BITS_MAX - length);
        }
        Ok(code)
    }

    /// The largest symbol that the code has a word for.
    pub(crate) fn symbol_max(&self) -> u8 {
        self.symbols.iter().copied().max().unwrap_or(0)
    }

    /// The word that these sixteen bits begin with.
    pub(crate) fn word(&self, bits: u32) -> Option<Word> {
        let index = self.ends.iter().position(|end| bits < *end)?;
        let length = 1 + index as u32;
        let number = (bits >> (CODE_BITS_MAX - length)).cast_signed();
        let place = usize::try_from(number + self.places[index]).ok()?;
        self.symbols.get(place).map(|symbol| Word { bits: length, symbol: *symbol })
    }
}

/// The value whose lowest bits follow a word: `size` bits, at most 15, where a leading zero means a negative value
/// (ITU-T T.81, figure F.12).
pub(crate) fn extended(bits: u32, size: u32) -> i32 {
    if size == 0 {
        return 0;
    }
    let value = bits.cast_signed();
    if bits >> (size - 1) == 0 { value - (1 << size) + 1 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three words: 0, 10, 110.
    fn code() -> Code {
        let mut definition = vec![1, 1, 1];
        definition.resize(16, 0);
        definition.extend([7, 8, 9, 99]);
        let (code, rest) = Code::read(&definition).unwrap();
        assert_eq!(rest, [99]);
        code
    }

    #[test]
    fn words_are_found_by_their_first_bits() {
        let found = |bits| code().word(bits).map(|word| (word.bits, word.symbol));
        assert_eq!(found(0b0111_1111_1111_1111), Some((1, 7)));
        assert_eq!(found(0b1000_0000_0000_0000), Some((2, 8)));
        assert_eq!(found(0b1101_0000_0000_0000), Some((3, 9)));
        assert_eq!(found(0b1110_0000_0000_0000), None);
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let mut definition = vec![3];
        definition.resize(16 + 3, 0);
        assert!(Code::read(&definition).is_err(), "three words of one bit");
        assert!(Code::read(&[0; 15]).is_err(), "cut short");
        assert!(Code::read(&[255; 16 + 255]).is_err(), "too many symbols");
    }

    #[test]
    fn values_are_extended_by_their_sign() {
        let extended: Vec<_> = [(0, 0), (0, 1), (1, 1), (0, 2), (3, 2), (0, 15), (0x7FFF, 15)]
            .map(|(bits, size)| extended(bits, size))
            .to_vec();
        assert_eq!(extended, [0, -1, 1, -3, 3, -32_767, 32_767]);
    }
}
