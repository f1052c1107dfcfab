//! From a file to rows of samples.

use std::ops::ControlFlow;

use crate::{
    band::Band,
    colour::CHANNELS,
    error::Error,
    header::Header,
    plane::Plane,
    scale::{Scale, Size},
    strips::Strips,
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
