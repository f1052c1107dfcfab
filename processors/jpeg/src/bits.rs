//! Reads the entropy-coded data bit by bit, or rather seven bytes at a time.

use crate::error::Error;

/// After [`Bits::fill`], at least this many bits are at hand: the longest code and the longest value after it.
pub(crate) const HELD_BITS_MIN: u32 = 32;

/// What follows 0xFF where it is data and no marker.
const STUFFING: u8 = 0;
const RST0: u8 = 0xD0;

/// A place in the data. It is copied into the loops so that it lives in registers.
#[derive(Clone, Copy)]
pub(crate) struct Bits<'a> {
    /// The bytes that were not taken yet.
    rest: &'a [u8],
    /// The next bits, from the highest on. Below those that are held, there may be some of the next byte.
    window: u64,
    held: u32,
    /// Zeros that stand for data which is not there, among those held and those used.
    lent: u32,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { rest: data, window: 0, held: 0, lent: 0 }
    }

    /// Has at least [`HELD_BITS_MIN`] bits at hand.
    #[inline(always)]
    pub(crate) fn fill(&mut self) {
        if self.held >= HELD_BITS_MIN {
            return;
        }
        if let Some(bytes) = self.rest.first_chunk() {
            let word = u64::from_be_bytes(*bytes);
            if !has_ff(word) {
                self.window |= word >> self.held;
                let taken = (63 - self.held) / 8;
                self.rest = &self.rest[taken as usize..];
                self.held += 8 * taken;
                return;
            }
        }
        // All goes out and comes back one by one: what has an address does not live in registers.
        let filled = filled_byte_by_byte(self.rest, self.window, self.held, self.lent);
        self.rest = filled.rest;
        self.window = filled.window;
        self.held = filled.held;
        self.lent = filled.lent;
    }

    /// The next bits, from the highest on.
    #[inline(always)]
    pub(crate) fn window(&self) -> u64 {
        self.window
    }

    /// The next `count` bits, from 1 to [`HELD_BITS_MIN`], as the lowest bits of a number.
    #[inline(always)]
    pub(crate) fn peek(&self, count: u32) -> usize {
        (self.window >> (64 - count)) as usize
    }

    /// Goes on by `count` bits, which must be at hand.
    #[inline(always)]
    pub(crate) fn pass(&mut self, count: u32) {
        self.window <<= count;
        self.held -= count;
    }

    /// Whether no bit was used that is not there.
    pub(crate) fn is_sound(self) -> bool {
        self.lent <= self.held
    }

    /// The rest of the data, from the marker on at which the entropy-coded data ends.
    pub(crate) fn end(self) -> Result<&'a [u8], Error> {
        if !self.is_sound() {
            return Err(Error::Corrupt("the data ends within a block"));
        }
        if self.held - self.lent >= 8 {
            return Err(Error::Corrupt("there is data after the last block"));
        }
        let fill = self.rest.iter().take_while(|byte| **byte == 0xFF).count();
        if fill == 0 || self.rest.len() == fill {
            return Err(Error::Corrupt("there is no marker after the last block"));
        }
        Ok(&self.rest[fill - 1..])
    }

    /// The place after the restart marker of this number, counted from zero.
    pub(crate) fn restarted(self, number: u32) -> Result<Self, Error> {
        match self.end()? {
            [_, marker, rest @ ..] if u32::from(*marker) == u32::from(RST0) + number % 8 => {
                Ok(Self::new(rest))
            }
            _ => Err(Error::Corrupt("a restart marker is missing")),
        }
    }
}

/// Takes out stuffing; stops before a marker, and lends zeros from there on.
#[cold]
#[inline(never)]
fn filled_byte_by_byte(rest: &[u8], window: u64, held: u32, lent: u32) -> Bits<'_> {
    let mut bits = Bits { rest, window, held, lent };
    while bits.held <= 56 {
        let byte = match bits.rest {
            [0xFF, STUFFING, rest @ ..] => {
                bits.rest = rest;
                0xFF
            }
            [] | [0xFF, ..] => {
                bits.lent = bits.lent.saturating_add(8);
                0
            }
            [byte, rest @ ..] => {
                bits.rest = rest;
                *byte
            }
        };
        bits.window |= u64::from(byte) << (56 - bits.held);
        bits.held += 8;
    }
    bits
}

/// Whether one of the eight bytes is 0xFF.
#[inline(always)]
fn has_ff(word: u64) -> bool {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    word & HIGH & (!word).wrapping_sub(LOW) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte of the data, without stuffing, until the data is used up.
    fn bytes(data: &[u8]) -> Vec<u8> {
        let mut bits = Bits::new(data);
        let mut bytes = Vec::new();
        loop {
            bits.fill();
            let byte = u8::try_from(bits.peek(8)).unwrap();
            bits.pass(8);
            if !bits.is_sound() {
                return bytes;
            }
            bytes.push(byte);
        }
    }

    #[test]
    fn stuffing_is_taken_out_and_a_marker_ends_the_data() {
        let plain: Vec<u8> = (1..=40).collect();
        assert_eq!(bytes(&plain), plain);
        assert_eq!(bytes(&[1, 0xFF, 0, 2, 0xFF, 0, 0xFF, 0]), [1, 0xFF, 2, 0xFF, 0xFF]);
        assert_eq!(bytes(&[1, 2, 3, 0xFF, 0xD9, 4, 5, 6, 7, 8, 9, 10]), [1, 2, 3]);
        assert_eq!(bytes(&[7, 0xFF]), [7]);
    }

    #[test]
    fn stuffing_is_found_at_every_place() {
        for place in 0..24 {
            let mut data = vec![0xFE; 24];
            let mut expected = data.clone();
            data.splice(place..place, [0xFF, 0]);
            expected.insert(place, 0xFF);
            assert_eq!(bytes(&data), expected, "at {place}");
        }
    }

    #[test]
    fn ff_is_found_in_any_byte_and_nothing_else_is() {
        for place in 0..8 {
            assert!(has_ff(0xFF << (8 * place)));
            assert!(!has_ff(0xFE << (8 * place)));
            assert!(!has_ff(!(0x80 << (8 * place)) & !0x0101_0101_0101_0101));
        }
        assert!(!has_ff(0) && has_ff(u64::MAX));
    }

    #[test]
    fn a_restart_wants_its_own_marker_and_nothing_before_it() {
        let restarted = |data: &[u8], used: u32| {
            let mut bits = Bits::new(data);
            bits.fill();
            bits.pass(used);
            bits.restarted(9).map(|bits| bits.rest.to_vec())
        };
        assert_eq!(restarted(&[5, 0xFF, 0xFF, 0xD1, 6], 3), Ok(vec![6]));
        assert!(restarted(&[5, 0xFF, 0xD2, 6], 3).is_err(), "the number of another");
        assert!(restarted(&[5, 5, 0xFF, 0xD1, 6], 3).is_err(), "more than padding");
        assert!(restarted(&[5, 0xFF, 0xD1, 6], 9).is_err(), "more used than there is");
        assert!(restarted(&[5], 3).is_err(), "the end");
    }
}
