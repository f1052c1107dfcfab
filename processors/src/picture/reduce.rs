//! Takes a picture row by row, and keeps no more of it than its variants need.
//!
//! A picture that comes in rows need never stand in memory as a whole. Squares of two, four or eight pixels become one,
//! as long as twice the size remains of which the greatest variant is resampled: the mean of a square takes nothing
//! away that would be seen in it.

use super::raster::{Channels, Raster};

/// Sides of the squares, from the least to be kept to the most.
const SIDES: [u32; 3] = [8, 4, 2];
/// How many times the variant what is kept must be, in both directions.
const MARGIN: u64 = 2;

pub(super) struct Reducer {
    width: u32,
    height: u32,
    channels: Channels,
    /// Of the squares that become one pixel each.
    side: u32,
    /// Of the squares that are being filled, a number for each channel.
    sums: Vec<u32>,
    rows_in_sums: u32,
    rows: u32,
    pixels: Vec<u8>,
}

impl Reducer {
    /// For a picture of `width` by `height` pixels of which a variant of `target` is to be made.
    pub(super) fn new(width: u32, height: u32, channels: Channels, target: (u32, u32)) -> Self {
        let suffices = |side: &u32| {
            let covers = |whole: u32, part: u32| {
                u64::from(whole) >= u64::from(*side) * u64::from(part) * MARGIN
            };
            covers(width, target.0) && covers(height, target.1)
        };
        let side = SIDES.into_iter().find(suffices).unwrap_or(1);
        let count = channels.count();
        let columns = width.div_ceil(side) as usize;
        Self {
            width,
            height,
            channels,
            side,
            sums: vec![0; if side == 1 { 0 } else { columns * count }],
            rows_in_sums: 0,
            rows: 0,
            pixels: Vec::with_capacity(columns * height.div_ceil(side) as usize * count),
        }
    }

    /// The next row: `width` pixels. Rows beyond the height are left out.
    pub(super) fn push(&mut self, row: &[u8]) {
        debug_assert_eq!(row.len(), self.width as usize * self.channels.count());
        if self.rows == self.height {
            return;
        }
        self.rows += 1;
        if self.side == 1 {
            self.pixels.extend_from_slice(row);
            return;
        }
        self.add(row);
        self.rows_in_sums += 1;
        if self.rows_in_sums == self.side || self.rows == self.height {
            self.flush();
        }
    }

    fn add(&mut self, row: &[u8]) {
        let count = self.channels.count();
        let squares = row.chunks(self.side as usize * count);
        for (sums, square) in self.sums.chunks_exact_mut(count).zip(squares) {
            for pixel in square.chunks_exact(count) {
                for (sum, light) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(*light);
                }
            }
        }
    }

    /// Turns the sums into a row of means. The last column may be of fewer pixels than the others.
    fn flush(&mut self) {
        let count = self.channels.count();
        let mut columns_left = self.width;
        for sums in self.sums.chunks_exact_mut(count) {
            let columns = columns_left.min(self.side);
            columns_left -= columns;
            let area = columns * self.rows_in_sums;
            for sum in sums {
                let mean = (*sum + area / 2) / area;
                self.pixels.push(u8::try_from(mean).expect("a mean of bytes is a byte"));
                *sum = 0;
            }
        }
        self.rows_in_sums = 0;
    }

    /// What was kept; none if rows are missing.
    pub(super) fn finish(self) -> Option<Raster> {
        let Self { width, height, channels, side, pixels, rows, .. } = self;
        let covered = (f64::from(width) / f64::from(side), f64::from(height) / f64::from(side));
        let size = (width.div_ceil(side), height.div_ceil(side));
        (rows == height).then_some(Raster {
            width: size.0,
            height: size.1,
            channels,
            pixels,
            covered,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(width: u32, rows: &[&[u8]], target: (u32, u32)) -> Raster {
        let height = u32::try_from(rows.len()).unwrap();
        let mut reducer = Reducer::new(width, height, Channels::Grey, target);
        for row in rows {
            reducer.push(row);
        }
        reducer.finish().unwrap()
    }

    #[test]
    fn squares_become_their_means_also_at_the_edges() {
        let rows: [&[u8]; 5] =
            [&[0, 10, 20, 30, 7], &[0, 10, 20, 31, 8], &[4; 5], &[4; 5], &[1, 2, 3, 4, 9]];
        let raster = reduced(5, &rows, (1, 1));
        assert_eq!((raster.width, raster.height), (3, 3));
        assert_eq!(raster.pixels, [5, 25, 8, 4, 4, 4, 2, 4, 9]);
        assert_eq!(raster.covered, (2.5, 2.5));
    }

    #[test]
    fn no_more_is_kept_than_four_times_the_variant_and_no_less_than_twice() {
        let side = |width, height, target| {
            Reducer::new(width, height, Channels::Colour, (target, target)).side
        };
        assert_eq!(side(2047, 4000, 1024), 1);
        assert_eq!(side(4096, 4096, 1024), 2);
        assert_eq!(side(8191, 9000, 1024), 2);
        assert_eq!(side(8192, 8192, 1024), 4);
        assert_eq!(side(16_384, 16_384, 1024), 8);
        assert_eq!(side(100, 100, 1), 8);
    }

    #[test]
    fn a_picture_that_needs_no_reducing_is_kept_as_it_is() {
        let rows: [&[u8]; 2] = [&[1, 2, 3], &[4, 5, 6]];
        assert_eq!(reduced(3, &rows, (3, 2)).pixels, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn missing_rows_are_no_picture_and_surplus_ones_are_left_out() {
        let mut reducer = Reducer::new(2, 2, Channels::Grey, (2, 2));
        reducer.push(&[1, 2]);
        assert!(reducer.finish().is_none());
        let mut reducer = Reducer::new(2, 1, Channels::Grey, (2, 1));
        reducer.push(&[1, 2]);
        reducer.push(&[3, 4]);
        assert_eq!(reducer.finish().unwrap().pixels, [1, 2]);
    }
}
