//! From coefficients to samples: the inverse cosine transform with as many samples as the scale asks for.
//!
//! The first n×n coefficients of a block, taken as those of a block of n×n samples, give the picture at n eighths
//! without what is too fine for it. The same sum with more than eight samples enlarges, which serves components
//! that the file holds at half the resolution. Adding up goes on in single precision, in a fixed order, so that
//! results are the same on every machine.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use crate::{
    lanes::Lanes,
    zigzag::{NATURAL, REACH},
};

/// No component is given more samples than this from a block, across or down.
pub(crate) const SAMPLES_MAX: usize = 16;
/// A plane has so many more columns than samples, because rows are written in whole lanes.
pub(crate) const SLACK_COLUMNS: usize = SAMPLES_MAX;

/// The value of a sample when all coefficients are zero.
const MIDDLE: f32 = 128.0;
/// Adding it leaves the nearest whole number in the lowest bits of a float.
const ROUNDING: f32 = 12_582_912.0;

/// What coefficients are multiplied by, in the order of the file: their quantisation and all that does not depend
/// on the sample.
pub(crate) fn factors(quantisation: &[u16; 64]) -> [f32; 64] {
    let share = |frequency: u8| if frequency == 0 { FRAC_1_SQRT_2 / 2.0 } else { 0.5 };
    std::array::from_fn(|place| {
        let (row, column) = (NATURAL[place] / 8, NATURAL[place] % 8);
        (f64::from(quantisation[place]) * share(row) * share(column)) as f32
    })
}

/// How much each sample takes of each frequency: nothing of those that are too fine for so few samples.
fn basis(frequency: usize, sample: usize, samples: usize) -> f32 {
    if frequency >= samples {
        return 0.0;
    }
    let angle = ((2 * sample + 1) * frequency) as f64 * PI / (2 * samples) as f64;
    angle.cos() as f32
}

/// Makes samples of the blocks of one component.
pub(crate) struct Transform {
    lanes: Lanes,
    /// Samples of a block.
    columns: usize,
    rows: usize,
    /// By frequency, then by column.
    across: [[f32; SAMPLES_MAX]; 8],
    /// By row, then by frequency.
    down: [[f32; 8]; SAMPLES_MAX],
}

impl Transform {
    /// Both numbers are from one to [`SAMPLES_MAX`].
    pub(crate) fn new(columns: usize, rows: usize) -> Self {
        let across = std::array::from_fn(|frequency| {
            std::array::from_fn(|column| basis(frequency, column, columns))
        });
        let down =
            std::array::from_fn(|row| std::array::from_fn(|frequency| basis(frequency, row, rows)));
        Self { lanes: Lanes::new(), columns, rows, across, down }
    }

    /// Which coefficients count: so many columns and rows of them.
    pub(crate) fn needed(&self) -> (usize, usize) {
        (self.columns.min(8), self.rows.min(8))
    }

    /// Writes the samples of `block` to the upper left of `plane`, whose rows are `pitch` apart, and clears the
    /// block. Coefficients after `last`, in the order of the file, are zero. Each row is written up to
    /// [`SLACK_COLUMNS`] wide; what is beyond the samples must be written later, or never seen.
    #[inline(never)]
    pub(crate) fn write(&self, block: &mut [f32; 64], last: usize, plane: &mut [u8], pitch: usize) {
        if last == 0 {
            self.fill(block[0], plane, pitch);
            block[0] = 0.0;
            return;
        }
        let reach = usize::from(REACH[last % 64]);
        self.lanes.run(
            #[inline(always)]
            || self.sum_columns(block, reach, plane, pitch),
        );
        block[..8 * reach].fill(0.0);
    }

    #[inline(always)]
    fn sum_columns(&self, block: &[f32; 64], reach: usize, plane: &mut [u8], pitch: usize) {
        match self.columns {
            0..=4 => self.sum_lanes::<4>(block, reach, plane, pitch),
            5..=8 => self.sum_lanes::<8>(block, reach, plane, pitch),
            _ => self.sum_lanes::<16>(block, reach, plane, pitch),
        }
    }

    /// `LANES` are no fewer than the columns.
    #[inline(always)]
    fn sum_lanes<const LANES: usize>(
        &self,
        block: &[f32; 64],
        reach: usize,
        plane: &mut [u8],
        pitch: usize,
    ) {
        match reach.min(self.columns.max(self.rows)) {
            0..=2 => self.sum::<2, LANES>(block, plane, pitch),
            3..=4 => self.sum::<4, LANES>(block, plane, pitch),
            _ => self.sum::<8, LANES>(block, plane, pitch),
        }
    }

    /// The whole block has one value.
    #[inline(always)]
    fn fill(&self, first: f32, plane: &mut [u8], pitch: usize) {
        let value = sample(first + MIDDLE);
        for row in plane.chunks_mut(pitch).take(self.rows) {
            match self.columns {
                0..=4 => lanes::<4>(row).fill(value),
                5..=8 => lanes::<8>(row).fill(value),
                _ => lanes::<16>(row).fill(value),
            }
        }
    }

    /// All coefficients are zero but those in the first `FREQUENCIES` columns and rows.
    #[inline(always)]
    fn sum<const FREQUENCIES: usize, const LANES: usize>(
        &self,
        block: &[f32; 64],
        plane: &mut [u8],
        pitch: usize,
    ) {
        // Rows that mirror each other have the same even part, and an odd part of opposite sign.
        for row in 0..self.rows.div_ceil(2) {
            let mirrored = self.rows - 1 - row;
            let mut even = [0.0; FREQUENCIES];
            let mut odd = [0.0; FREQUENCIES];
            for frequency in (0..FREQUENCIES).step_by(2) {
                add(&mut even, self.down[row][frequency], &block[8 * frequency..]);
                add(&mut odd, self.down[row][frequency + 1], &block[8 * frequency + 8..]);
            }
            let upper = std::array::from_fn(|column| even[column] + odd[column]);
            let lower = std::array::from_fn(|column| even[column] - odd[column]);
            self.row::<FREQUENCIES, LANES>(&upper, &mut plane[row * pitch..]);
            self.row::<FREQUENCIES, LANES>(&lower, &mut plane[mirrored * pitch..]);
        }
    }

    /// One row of samples.
    #[inline(always)]
    fn row<const FREQUENCIES: usize, const LANES: usize>(
        &self,
        coefficients: &[f32; FREQUENCIES],
        out: &mut [u8],
    ) {
        let mut sums = [MIDDLE; LANES];
        for (coefficient, basis) in coefficients.iter().zip(&self.across) {
            add(&mut sums, *coefficient, basis);
        }
        // An array that is made at once would be put together in one integer, byte by byte.
        for (out, sum) in lanes::<LANES>(out).iter_mut().zip(&sums) {
            *out = sample(*sum);
        }
    }
}

/// `terms` are no fewer than the sums.
#[inline(always)]
fn add<const LANES: usize>(sums: &mut [f32; LANES], factor: f32, terms: &[f32]) {
    for (sum, term) in sums.iter_mut().zip(&terms[..LANES]) {
        *sum += factor * term;
    }
}

#[inline(always)]
fn lanes<const LANES: usize>(row: &mut [u8]) -> &mut [u8; LANES] {
    row.first_chunk_mut().expect("a plane has slack")
}

/// The nearest byte.
#[inline(always)]
fn sample(value: f32) -> u8 {
    let above = if value > 0.0 { value } else { 0.0 };
    let bounded = if above < 255.0 { above } else { 255.0 };
    (bounded + ROUNDING).to_bits() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coefficients that differ by their place, as a fine picture has them.
    fn block(seed: u32) -> [f32; 64] {
        let mut numbers = seed;
        std::array::from_fn(|_| {
            numbers = numbers.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (numbers >> 16) as f32 / 300.0 - 109.0
        })
    }

    #[test]
    fn wide_vectors_give_the_same_samples_as_those_that_all_have() {
        for (size, seed) in (1..=SAMPLES_MAX).zip(1..) {
            let transform = Transform::new(size, size);
            let pitch = size + SLACK_COLUMNS;
            let (mut ours, mut theirs) = (vec![0; size * pitch], vec![0; size * pitch]);
            transform.write(&mut block(seed), 63, &mut ours, pitch);
            transform.sum_columns(&block(seed), 8, &mut theirs, pitch);
            assert_eq!(ours, theirs, "{size} x {size}");
        }
    }
}
