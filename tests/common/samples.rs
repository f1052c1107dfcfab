//! Pictures and vibration to send.

use std::f64::consts::{SQRT_2, TAU};

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use jiff::{SignedDuration, Timestamp};

/// A JPEG that looks different for every seed.
pub(crate) fn jpeg(width: u32, height: u32, seed: u32) -> Bytes {
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let shade = |step: u32| ((x * step + y * (seed % 7 + 1)) % 256) as u8;
        Rgb([shade(seed % 5 + 1), shade(3), (seed % 256) as u8])
    });
    let mut file = Vec::new();
    picture.write_with_encoder(JpegEncoder::new(&mut file)).expect("a picture can be encoded");
    file.into()
}

/// Other bytes of the same picture: a JPEG with a comment before all else.
pub(crate) fn with_comment(jpeg: &Bytes, comment: &str) -> Bytes {
    let (start_of_image, rest) = jpeg.split_at(2);
    let length = u16::try_from(comment.len() + 2).expect("a comment is short").to_be_bytes();
    [start_of_image, &[0xff, 0xfe], &length, comment.as_bytes(), rest].concat().into()
}

/// A second of a sine at 50 Hz, in m/s².
pub(crate) struct Second {
    pub(crate) sample_rate_hz: u32,
    pub(crate) velocity_rms_mm_s: f64,
}

impl Second {
    /// f32 little-endian.
    pub(crate) fn bytes(&self) -> Bytes {
        let peak_m_s2 = self.velocity_rms_mm_s / 1e3 * SQRT_2 * TAU * 50.0;
        let time_s = |i: u32| f64::from(i) / f64::from(self.sample_rate_hz);
        let sample = |i: u32| (peak_m_s2 * (TAU * 50.0 * time_s(i)).sin()) as f32;
        (0..self.sample_rate_hz).flat_map(|i| sample(i).to_le_bytes()).collect()
    }
}

/// An hour ago, on a full second: nothing of what begins there lies in the future.
pub(crate) fn an_hour_ago() -> Timestamp {
    let now_s = Timestamp::now().as_second();
    Timestamp::from_second(now_s - 3_600).expect("the present is within bounds")
}

pub(crate) fn later(start: Timestamp, seconds: f64) -> Timestamp {
    start + SignedDuration::from_secs_f64(seconds)
}
