//! Decodes baseline JPEG at reduced size, and reads no more than the smaller picture needs.
//!
//! A photo of 24 megapixels that is shown with 1,024 pixels needs a quarter of its rows and columns, and these are
//! made of the first four by four coefficients of each block or fewer. Others skip the arithmetic that the
//! rest would take; this decoder also skips most of the work of reading it: where only the length of what is left
//! matters, one look-up passes several coefficients.
//!
//! ```no_run
//! use scaled_jpeg::{Decoder, Error};
//!
//! fn thumbnail(file: &[u8]) -> Result<Vec<u8>, Error> {
//!     let decoder = Decoder::new(file)?;
//!     let scale = decoder.scale_to_cover(1024, 768);
//!     let size = decoder.size(scale);
//!     let mut rgb = vec![0; 3 * size.width * size.height];
//!     decoder.rgb(scale, &mut rgb)?;
//!     Ok(rgb)
//! }
//! ```
//!
//! # What it takes
//!
//! Sequential files of eight bits with Huffman codes (baseline and extended), in grey or as brightness and two
//! differences of colour, sampled 4:4:4, 4:2:2, 4:4:0 or 4:2:0, of any size, with or without restarts, in one scan.
//! All else is [`Error::Unsupported`] (progressive, arithmetic and lossless coding, twelve bits, four inks, stored
//! red, green and blue, scans apart): ask another decoder. What is cut short or damaged is [`Error::Corrupt`], and
//! no part of it should be used; the decoder guesses nothing.
//!
//! # What comes out
//!
//! Every number of eighths is possible, from one to eight; the picture is cut off at frequencies that its size can
//! hold, block by block. Colours that are stored at half the resolution come out at full resolution for free when
//! the picture shrinks. [`Decoder::bands`] hands out rows as soon as they are ready, [`Decoder::rgb`] a whole
//! picture of red, green and blue. Pixels at the right and at the lower edge may be covered in part only; whoever
//! resamples further should start from exactly [`Size::covered`].
//!
//! Samples are within half a step of the formula, and the same on every machine.
//!
//! # What it costs
//!
//! Memory is that of one row of blocks, at most a few megabytes, and some tables. Time is bounded by the length of
//! the file: each block takes at least two bits, and a file that ends too early is noticed before the next
//! row. There is no `unsafe` code, and nothing written for one kind of processor; where there are AVX2 and BMI2, loops run
//! that the compiler made for them, with the same results.

#![forbid(unsafe_code)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "samples and their sums are small, and bounded where they are made"
)]

mod band;
mod bits;
mod block;
mod code;
mod colour;
mod decoder;
mod error;
mod frame;
mod header;
mod lanes;
mod plane;
mod scale;
mod strips;
mod tables;
mod transform;
mod upsample;
mod zigzag;

pub use band::Band;
pub use decoder::Decoder;
pub use error::Error;
pub use scale::{Scale, Size};
