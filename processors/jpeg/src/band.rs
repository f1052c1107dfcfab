//! Rows of a decoded picture, as they become ready.

use crate::{
    colour::{CHANNELS, grey_to_rgb, to_rgb},
    plane::{Plane, Rows},
};

/// Some rows of the picture at its new size: brightness, and two differences of colour at the same resolution.
pub struct Band<'a> {
    planes: &'a [Plane],
    rows: Rows,
    width: usize,
}

impl<'a> Band<'a> {
    pub(crate) fn new(planes: &'a [Plane], rows: Rows, width: usize) -> Self {
        Self { planes, rows, width }
    }

    /// The row of the picture that is the first of the band.
    #[must_use]
    pub fn top(&self) -> usize {
        self.rows.head.wrapping_add_unsigned(self.rows.shown.start).cast_unsigned()
    }

    /// How many rows there are; in the first band of an enlarging picture there may be one less than in others.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.shown.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.shown.is_empty()
    }

    /// Whether there is brightness alone.
    #[must_use]
    pub fn is_grey(&self) -> bool {
        self.planes.len() == 1
    }

    /// The brightness of a row, counted from the top of the band.
    ///
    /// # Panics
    ///
    /// As the others, if there is no such row.
    #[must_use]
    pub fn y(&self, row: usize) -> &'a [u8] {
        self.component(0, row)
    }

    /// How much bluer than grey a row is, 128 being grey. Empty if the picture is grey.
    #[must_use]
    pub fn cb(&self, row: usize) -> &'a [u8] {
        self.component(1, row)
    }

    /// How much redder than grey a row is, 128 being grey. Empty if the picture is grey.
    #[must_use]
    pub fn cr(&self, row: usize) -> &'a [u8] {
        self.component(2, row)
    }

    fn component(&self, number: usize, row: usize) -> &'a [u8] {
        assert!(row < self.len(), "the band has {} rows, and not {row}", self.len());
        let Some(plane) = self.planes.get(number) else {
            return &[];
        };
        let (samples, pitch) = plane.rows();
        &samples[(self.rows.shown.start + row) * pitch..][..self.width]
    }

    /// Writes all rows as red, green and blue, three bytes a pixel, without padding.
    ///
    /// # Panics
    ///
    /// If `rgb` has another length than the rows take.
    pub fn write_rgb(&self, rgb: &mut [u8]) {
        let row_bytes = self.width * CHANNELS;
        assert_eq!(rgb.len(), self.len() * row_bytes, "the rows take another length");
        for (row, out) in rgb.chunks_exact_mut(row_bytes).enumerate() {
            if self.is_grey() {
                grey_to_rgb(self.y(row), out);
            } else {
                to_rgb(self.y(row), self.cb(row), self.cr(row), out);
            }
        }
    }
}
