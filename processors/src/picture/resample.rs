//! Makes a raster smaller by Lanczos resampling, from exactly the part that the picture covers.

use domain::picture::{Code, Failure};
use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};

use super::raster::{Channels, Raster};

/// A variant may be made of another that is greater by this much. What twice resampling costs in sharpness is then
/// a tenth of a point of SSIMULACRA2; it saves the resampling of the whole source. In quarters.
const STAGE_RATIO_MIN_QUARTERS: u32 = 5;

/// Whether a variant of `size` may be made of the greater variant instead of the source.
pub(super) fn suffices(greater: &Raster, source: &Raster, size: (u32, u32)) -> bool {
    let is_source = (greater.width, greater.height) == (source.width, source.height);
    let (long, long_target) = (greater.width.max(greater.height), size.0.max(size.1));
    is_source || long * 4 >= long_target * STAGE_RATIO_MIN_QUARTERS
}

/// The picture in `raster` at `size`.
pub(super) fn resample(raster: &Raster, size: (u32, u32)) -> Result<Raster, Failure> {
    let pixel = match raster.channels {
        Channels::Grey => PixelType::U8,
        Channels::Colour => PixelType::U8x3,
        Channels::Inks { .. } => PixelType::U8x4,
    };
    let source =
        ImageRef::new(raster.width, raster.height, &raster.pixels, pixel).map_err(internal)?;
    let mut target = Image::new(size.0, size.1, pixel);
    // The fourth of four channels is black ink, and nothing is transparent here.
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .use_alpha(false)
        .crop(0.0, 0.0, raster.covered.0, raster.covered.1);
    Resizer::new().resize(&source, &mut target, &options).map_err(internal)?;
    Ok(Raster::whole(size.0, size.1, raster.channels, target.into_vec()))
}

fn internal(error: impl std::fmt::Display) -> Failure {
    Failure::new(Code::Internal, format!("resampling failed: {error}"))
}
