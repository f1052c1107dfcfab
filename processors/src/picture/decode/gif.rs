//! The first frame of a GIF, on its canvas, on white.

use domain::picture::Failure;
use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, MemoryLimit};

use super::{Decoded, Task, confirm};
use crate::picture::raster::Channels;
use crate::picture::reduce::Reducer;

const WHITE: [u8; 3] = [255; 3];

pub(super) fn decode(task: &Task<'_>) -> Result<Decoded, Failure> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(MemoryLimit::Bytes(
        task.limits
            .pixels_max
            .try_into()
            .map_err(|_| Failure::too_many_pixels("no pixels are taken"))?,
    ));
    let mut decoder = options.read_info(task.bytes).map_err(failure)?;
    confirm(task.header, decoder.width().into(), decoder.height().into())?;
    let profile = decoder.icc_profile().map(Vec::from);
    let frame = Frame::first(&mut decoder)?;
    let (width, height) = (task.header.width, task.header.height);
    let mut reducer = Reducer::new(width, height, Channels::Colour, task.target);
    let mut row = Vec::with_capacity(width as usize * Channels::Colour.count());
    for y in 0..height as usize {
        (task.go_on)()?;
        frame.draw(y, width as usize, &mut row);
        reducer.push(&row);
    }
    let raster = reducer.finish().ok_or_else(|| Failure::corrupt("rows of the GIF are missing"))?;
    Ok(Decoded { raster, profile })
}

/// Places in a palette, and where they lie on the canvas.
struct Frame {
    left: usize,
    top: usize,
    width: usize,
    places: Vec<u8>,
    palette: Vec<[u8; 3]>,
    transparent: Option<u8>,
}

impl Frame {
    fn first(decoder: &mut Decoder<&[u8]>) -> Result<Self, Failure> {
        let info = decoder.next_frame_info().map_err(failure)?;
        let info = info.ok_or_else(|| Failure::corrupt("the GIF holds no picture"))?;
        let (left, top) = (usize::from(info.left), usize::from(info.top));
        let (width, transparent) = (usize::from(info.width), info.transparent);
        let (palette, _) = decoder.palette().map_err(failure)?.as_chunks();
        let palette = palette.to_vec();
        // The header has checked the size of each frame.
        let mut places = vec![0; decoder.buffer_size()];
        decoder.read_into_buffer(&mut places).map_err(failure)?;
        Ok(Self { left, top, width, places, palette, transparent })
    }

    /// The row `y` of the canvas. What no frame covers is transparent, and a frame may reach beyond the canvas.
    fn draw(&self, y: usize, canvas_width: usize, row: &mut Vec<u8>) {
        row.clear();
        let places = y.checked_sub(self.top).and_then(|y| self.places.chunks(self.width).nth(y));
        let places = places.unwrap_or_default();
        for x in 0..canvas_width {
            let place = x.checked_sub(self.left).and_then(|x| places.get(x));
            row.extend(place.map_or(WHITE, |place| self.colour(*place)));
        }
    }

    fn colour(&self, place: u8) -> [u8; 3] {
        if self.transparent == Some(place) {
            return WHITE;
        }
        self.palette.get(usize::from(place)).copied().unwrap_or(WHITE)
    }
}

fn failure(error: DecodingError) -> Failure {
    match error {
        DecodingError::OutOfMemory => {
            Failure::too_many_pixels("decoding the GIF would take too much memory")
        }
        _ => Failure::corrupt("decoding the GIF failed"),
    }
}
