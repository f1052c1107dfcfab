//! Files that begin as Gif does, through the whole of the renderer.

#![no_main]

use domain::picture::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::render_as(Format::Gif, bytes));
