//! The samples of one component in a strip, and the last row of the strip above.

use std::ops::Range;

use crate::{
    frame::{Component, Frame},
    scale::Scale,
    transform::{SLACK_COLUMNS, Transform},
    upsample,
};

/// Rows kept of the strip above, so that rows can be blended across the border.
pub(crate) const HEAD_ROWS: usize = 1;

/// How many samples the transform makes of a block, and how far the rest must be stretched.
///
/// A component with fewer blocks gets more samples from each: its transform enlarges it. At full size this would
/// show more of the coding than of the picture, so there it is stretched by a triangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    columns: usize,
    rows: usize,
    /// One or two.
    stretch: (usize, usize),
}

impl Shape {
    pub(crate) fn new(frame: &Frame, component: &Component, scale: Scale) -> Self {
        let first = &frame.components[0];
        let less = (first.across / component.across, first.down / component.down);
        let samples = scale.samples();
        if scale == Scale::WHOLE {
            return Self { columns: samples, rows: samples, stretch: less };
        }
        Self { columns: samples * less.0, rows: samples * less.1, stretch: (1, 1) }
    }

    pub(crate) fn transform(self) -> Transform {
        Transform::new(self.columns, self.rows)
    }
}

/// Rows of a strip, relative to its first one; the head is row -1 and counts as the first here.
pub(crate) struct Rows {
    /// Counted from the head.
    pub(crate) shown: Range<usize>,
    /// The row of the picture that the head is; for the first strip it lies above the picture.
    pub(crate) head: isize,
}

pub(crate) struct Plane {
    samples: Vec<u8>,
    pitch: usize,
    shape: Shape,
    /// Columns and rows of the component in the whole picture.
    size: (usize, usize),
    /// The same rows stretched to the size of the picture, if they must be.
    stretched: Vec<u8>,
    scratch: Vec<u16>,
}

impl Plane {
    /// `size` is that of the picture, `pitch` what its rows take, `units` how many minimal coded units make a strip.
    pub(crate) fn new(
        shape: Shape,
        component: &Component,
        units: usize,
        size: (usize, usize),
    ) -> Self {
        let pitch = units * component.across * shape.columns + SLACK_COLUMNS;
        let rows = HEAD_ROWS + component.down * shape.rows;
        let (wide, high) = shape.stretch;
        let stretched_rows = if shape.stretch == (1, 1) { 0 } else { HEAD_ROWS + rows * high };
        Self {
            samples: vec![0; rows * pitch],
            pitch,
            shape,
            size: (size.0.div_ceil(wide), size.1.div_ceil(high)),
            stretched: vec![0; stretched_rows * wide * pitch],
            scratch: Vec::new(),
        }
    }

    /// The samples from the upper left of a block on, and how far their rows are apart.
    #[inline(always)]
    pub(crate) fn block(&mut self, column: usize, row: usize) -> (&mut [u8], usize) {
        let from = (HEAD_ROWS + row * self.shape.rows) * self.pitch + column * self.shape.columns;
        (&mut self.samples[from..], self.pitch)
    }

    /// Whether the last row cannot be shown before the next strip is there.
    pub(crate) fn lags(&self) -> bool {
        self.shape.stretch.1 > 1
    }

    /// Makes the shown rows ready.
    pub(crate) fn stretch(&mut self, rows: &Rows, width: usize) {
        if self.shape.stretch == (1, 1) {
            return;
        }
        let pitch = self.stretched_pitch();
        for at in rows.shown.clone() {
            let (near, far, is_upper) = self.neighbours(at, rows.head);
            let out = &mut self.stretched[at * pitch..][..width];
            let columns = self.size.0;
            let row = |at: usize| &self.samples[at * self.pitch..][..columns];
            if self.shape.stretch.1 == 1 {
                upsample::across(row(at), out, &mut self.scratch);
                continue;
            }
            if self.shape.stretch.0 == 1 {
                upsample::down(row(near), row(far), is_upper, out);
            } else {
                upsample::both(row(near), row(far), out, &mut self.scratch);
            }
        }
    }

    /// Of a row of the picture, the two rows that it lies between, counted from the head.
    fn neighbours(&self, at: usize, head: isize) -> (usize, usize, bool) {
        let is_upper = at % 2 == HEAD_ROWS % 2;
        let near = at.div_ceil(2);
        // The head of this plane, as a row of the component: strips have an even number of rows.
        let head = head.div_euclid(2);
        let last = (self.size.1.cast_signed() - 1 - head).cast_unsigned();
        let first = if head < 0 { HEAD_ROWS } else { 0 };
        let far = if is_upper { near - 1 } else { near + 1 };
        (near, far.clamp(first, last), is_upper)
    }

    fn stretched_pitch(&self) -> usize {
        (self.pitch - SLACK_COLUMNS) * self.shape.stretch.0 + SLACK_COLUMNS
    }

    /// Rows at the size of the picture, and how far they are apart. The first is the head.
    pub(crate) fn rows(&self) -> (&[u8], usize) {
        if self.shape.stretch == (1, 1) {
            (&self.samples, self.pitch)
        } else {
            (&self.stretched, self.stretched_pitch())
        }
    }

    /// The last row becomes the head of the next strip.
    pub(crate) fn pass_on(&mut self) {
        let last = self.samples.len() - self.pitch;
        self.samples.copy_within(last.., 0);
    }
}
