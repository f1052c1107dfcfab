//! Looks at a variant as a browser would.

use processors::picture::Variant;
use turbojpeg::{Image, PixelFormat};

use crate::make::CORNERS;

pub(crate) struct Seen(Image<Vec<u8>>);

impl Seen {
    /// Decodes the variant, and checks that it is as large as it says.
    pub(crate) fn of(variant: &Variant) -> Self {
        let image = if variant.name.ends_with(".webp") {
            decoded(&variant.bytes)
        } else {
            turbojpeg::decompress(&variant.bytes, PixelFormat::RGB).expect("variants are sound")
        };
        assert_eq!((image.width, image.height), (variant.width as usize, variant.height as usize));
        Self(image)
    }

    pub(crate) fn width(&self) -> usize {
        self.0.width
    }

    pub(crate) fn height(&self) -> usize {
        self.0.height
    }

    pub(crate) fn rgb(&self) -> &[u8] {
        &self.0.pixels
    }

    pub(crate) fn pixels(&self) -> impl Iterator<Item = [u8; 3]> {
        self.0.pixels.as_chunks::<3>().0.iter().copied()
    }

    pub(crate) fn is_near(&self, x: usize, y: usize, colour: [u8; 3], tolerance: u8) -> bool {
        let at = y * self.0.pitch + 3 * x;
        self.0.pixels[at..at + 3]
            .iter()
            .zip(colour)
            .all(|(seen, expected)| seen.abs_diff(expected) <= tolerance)
    }

    /// The names of the colours in the middle of the four quarters; `?` for one that is none of them.
    pub(crate) fn corners(&self) -> String {
        let (width, height) = (self.0.width, self.0.height);
        let places = [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| (x * width / 4, y * height / 4));
        let name = |(x, y)| {
            CORNERS
                .iter()
                .find(|(_, colour)| self.is_near(x, y, *colour, 12))
                .map_or('?', |(name, _)| *name)
        };
        places.into_iter().map(name).collect()
    }
}

/// A WebP, by another library than the one that wrote it.
fn decoded(webp: &[u8]) -> Image<Vec<u8>> {
    let picture = image::load_from_memory_with_format(webp, image::ImageFormat::WebP);
    let picture = picture.expect("variants are sound").into_rgb8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = picture.into_raw();
    Image { pixels, width, pitch: 3 * width, height, format: PixelFormat::RGB }
}
