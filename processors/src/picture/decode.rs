//! Bytes to pixels. What cannot be decoded wholly is corrupt: half a picture is never passed on.

mod jpeg;
mod other;

use domain::picture::{Failure, Format, Header, Limits};

use super::raster::Raster;

/// Decodes the picture that `header` was read from, at no less than `target`, its stored size to be.
pub(super) fn decode(
    bytes: &[u8],
    header: &Header,
    target: (u32, u32),
    limits: &Limits,
) -> Result<Raster, Failure> {
    match header.format {
        Format::Jpeg => jpeg::decode(bytes, header, target, limits),
        Format::Png | Format::Webp | Format::Gif | Format::Bmp | Format::Tiff => {
            other::decode(bytes, header, limits)
        }
    }
}

/// Whoever decodes must see the size that was checked against the limits.
fn confirm(header: &Header, width: u32, height: u32) -> Result<(), Failure> {
    if (width, height) != (header.width, header.height) {
        return Err(Failure::corrupt("the file claims two sizes"));
    }
    Ok(())
}
