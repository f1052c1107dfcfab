//! Decodes strip after strip: from bits to the samples of a row of minimal coded units.

use std::{ops::Range, rc::Rc};

use crate::{
    bits::Bits,
    block::Reader,
    error::Error,
    header::Header,
    lanes::Lanes,
    plane::{HEAD_ROWS, Plane, Rows, Shape},
    scale::Scale,
    tables::Coding,
    transform::{Transform, factors},
    zigzag::last_within,
};

const EOI: u8 = 0xD9;

/// A picture on its way from bits to samples.
pub(crate) struct Strips<'a> {
    lanes: Lanes,
    parts: Vec<Part>,
    pub(crate) planes: Vec<Plane>,
    units: usize,
    /// Rows of the picture in a strip.
    strip_rows: usize,
    bits: Bits<'a>,
    /// The last first coefficient of each component.
    before: [i32; 3],
    /// In units; zero if there are no restarts.
    restart_interval: usize,
    /// Units before the next restart, if there is any.
    units_left: usize,
    restarts: u32,
}

impl<'a> Strips<'a> {
    pub(crate) fn new(header: &Header<'a>, scale: Scale) -> Result<Self, Error> {
        let frame = &header.frame;
        let units = frame.width.div_ceil(frame.unit().0);
        let size = (scale.side(frame.width), scale.side(frame.height));
        let (mut parts, mut planes): (Vec<Part>, _) = (Vec::new(), Vec::new());
        for (number, (component, tables)) in frame.components.iter().zip(&header.tables).enumerate()
        {
            let shape = Shape::new(frame, component, scale);
            let transform = shape.transform();
            let same =
                header.tables[..number].iter().position(|other| other.choice == tables.choice);
            let coding = match same {
                Some(other) => Rc::clone(&parts[other].coding),
                None => Rc::new(Coding::new(&tables.first, &tables.others)?),
            };
            let needed = last_within(transform.needed());
            let reader = Reader::new(factors(&tables.quantisation), needed);
            let (across, down) = (component.across, component.down);
            parts.push(Part { across, down, coding, reader, transform });
            planes.push(Plane::new(shape, component, units, size));
        }
        Ok(Self {
            lanes: Lanes::new(),
            parts,
            planes,
            units,
            strip_rows: scale.side(frame.unit().1),
            bits: Bits::new(header.data),
            before: [0; 3],
            restart_interval: header.restart_interval,
            units_left: header.restart_interval,
            restarts: 0,
        })
    }

    /// Decodes the next strip into the planes.
    pub(crate) fn decode(&mut self) -> Result<(), Error> {
        let mut unit = 0;
        while unit < self.units {
            let until = self.until_restart(unit)?;
            let lanes = self.lanes;
            lanes.run(
                #[inline(always)]
                || self.decode_units(unit..until),
            )?;
            unit = until;
        }
        if self.bits.is_sound() { Ok(()) } else { Err(Error::Corrupt("the data ends too early")) }
    }

    /// Restarts if this is due, and tells which unit of the strip is not to be decoded any more.
    fn until_restart(&mut self, unit: usize) -> Result<usize, Error> {
        if self.restart_interval == 0 {
            return Ok(self.units);
        }
        if self.units_left == 0 {
            self.bits = self.bits.restarted(self.restarts)?;
            self.restarts = self.restarts.wrapping_add(1);
            self.units_left = self.restart_interval;
            self.before = [0; 3];
        }
        let count = self.units_left.min(self.units - unit);
        self.units_left -= count;
        Ok(unit + count)
    }

    #[inline(always)]
    fn decode_units(&mut self, units: Range<usize>) -> Result<(), Error> {
        // A copy, so that it lives in registers.
        let mut bits = self.bits;
        let mut block = [0.0; 64];
        for unit in units {
            let parts = self.parts.iter().zip(&mut self.planes).zip(&mut self.before);
            for ((part, plane), before) in parts {
                for (row, column) in part.blocks() {
                    let last = part.reader.read(&part.coding, &mut bits, before, &mut block);
                    let last = last.ok_or(Error::Corrupt("a block is damaged"))?;
                    let (out, pitch) = plane.block(unit * part.across + column, row);
                    part.transform.write(&mut block, last, out, pitch);
                }
            }
        }
        self.bits = bits;
        Ok(())
    }

    /// Which rows of this strip are ready.
    pub(crate) fn rows(&self, strip: usize, is_last: bool, height: usize) -> Rows {
        let lags = self.planes.iter().any(Plane::lags);
        let top = strip * self.strip_rows;
        let rows = self.strip_rows.min(height - top);
        let from = if lags && strip > 0 { 0 } else { HEAD_ROWS };
        let to = if lags && !is_last { rows } else { rows + HEAD_ROWS };
        Rows { shown: from..to, head: top.cast_signed() - HEAD_ROWS.cast_signed() }
    }

    /// The picture must be all there is.
    pub(crate) fn end(&self) -> Result<(), Error> {
        match self.bits.end()? {
            [_, EOI, ..] => Ok(()),
            _ => Err(Error::Unsupported("the picture goes on after its first scan")),
        }
    }
}

/// What is needed to decode a component.
struct Part {
    across: usize,
    down: usize,
    /// Shared by the components that use the same codes.
    coding: Rc<Coding>,
    reader: Reader,
    transform: Transform,
}

impl Part {
    /// The places of the blocks in a unit, row by row.
    #[inline(always)]
    fn blocks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let across = self.across;
        (0..self.down).flat_map(move |row| (0..across).map(move |column| (row, column)))
    }
}
