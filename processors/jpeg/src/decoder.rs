//! From a file to rows of samples.

use std::{
    ops::{ControlFlow, Range},
    rc::Rc,
};

use crate::{
    band::Band,
    bits::Bits,
    block::Reader,
    colour::CHANNELS,
    error::Error,
    header::Header,
    plane::{HEAD_ROWS, Plane, Rows, Shape},
    scale::{Scale, Size},
    tables::Coding,
    transform::{Transform, factors},
    zigzag::last_within,
};

/// A picture whose header was read, ready to be decoded at any scale, more than once if need be.
pub struct Decoder<'a> {
    header: Header<'a>,
}

impl<'a> Decoder<'a> {
    /// Reads the header. Nothing is allocated in proportion to what it claims.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if another decoder should be asked, [`Error::Corrupt`] if the header is damaged.
    pub fn new(file: &'a [u8]) -> Result<Self, Error> {
        Ok(Self { header: Header::read(file)? })
    }

    /// Whether the picture has brightness alone.
    #[must_use]
    pub fn is_grey(&self) -> bool {
        self.header.frame.components.len() == 1
    }

    /// The size of the picture at `scale`.
    #[must_use]
    pub fn size(&self, scale: Scale) -> Size {
        Size::new(self.header.frame.width, self.header.frame.height, scale)
    }

    /// The smallest scale at which the picture covers `width` and `height`; if none does, it stays whole.
    #[must_use]
    pub fn scale_to_cover(&self, width: u32, height: u32) -> Scale {
        let covers = |scale: &Scale| {
            let (columns, rows) = self.size(*scale).covered;
            columns >= f64::from(width) && rows >= f64::from(height)
        };
        Scale::all().find(covers).unwrap_or(Scale::WHOLE)
    }

    /// Decodes to red, green and blue: three bytes a pixel, row by row from the top, without padding.
    ///
    /// # Errors
    ///
    /// [`Error::Buffer`] if `rgb` has not exactly the length that [`Decoder::size`] asks for; else as
    /// [`Decoder::bands`].
    pub fn rgb(&self, scale: Scale, rgb: &mut [u8]) -> Result<(), Error> {
        let size = self.size(scale);
        let needed_bytes = size.width * size.height * CHANNELS;
        if rgb.len() != needed_bytes {
            return Err(Error::Buffer { needed_bytes });
        }
        let mut rest = rgb;
        self.bands(scale, |band| {
            let (rows, after) =
                std::mem::take(&mut rest).split_at_mut(band.len() * size.width * CHANNELS);
            band.write_rgb(rows);
            rest = after;
            ControlFlow::Continue(())
        })
    }

    /// Decodes the picture and shows its rows band by band, from the top, each once. The memory taken is that of
    /// one band and some tables.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] if the data is cut short or damaged, be it after some bands were shown;
    /// [`Error::Unsupported`] if something else than the end follows the picture; [`Error::Stopped`] if the
    /// visitor breaks off.
    pub fn bands(
        &self,
        scale: Scale,
        mut visit: impl FnMut(&Band<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let size = self.size(scale);
        let mut strips = Strips::new(&self.header, scale)?;
        let count = self.header.frame.height.div_ceil(self.header.frame.unit().1);
        for strip in 0..count {
            strips.decode()?;
            let rows = strips.rows(strip, strip + 1 == count, size.height);
            for plane in &mut strips.planes {
                plane.stretch(&rows, size.width);
            }
            if visit(&Band::new(&strips.planes, rows, size.width)).is_break() {
                return Err(Error::Stopped);
            }
            strips.planes.iter_mut().for_each(Plane::pass_on);
        }
        strips.end()
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

/// Decodes strip after strip: each is a row of minimal coded units.
struct Strips<'a> {
    parts: Vec<Part>,
    planes: Vec<Plane>,
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
    fn new(header: &Header<'a>, scale: Scale) -> Result<Self, Error> {
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
    fn decode(&mut self) -> Result<(), Error> {
        let mut unit = 0;
        while unit < self.units {
            let until = self.until_restart(unit)?;
            self.decode_units(unit..until)?;
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
    fn rows(&self, strip: usize, is_last: bool, height: usize) -> Rows {
        let lags = self.planes.iter().any(Plane::lags);
        let top = strip * self.strip_rows;
        let rows = self.strip_rows.min(height - top);
        let from = if lags && strip > 0 { 0 } else { HEAD_ROWS };
        let to = if lags && !is_last { rows } else { rows + HEAD_ROWS };
        Rows { shown: from..to, head: top.cast_signed() - HEAD_ROWS.cast_signed() }
    }

    /// The picture must be all there is.
    fn end(&self) -> Result<(), Error> {
        const EOI: u8 = 0xD9;
        match self.bits.end()? {
            [_, EOI, ..] => Ok(()),
            _ => Err(Error::Unsupported("the picture goes on after its first scan")),
        }
    }
}
