//! Anything, as the colour profile of a sound picture.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::follow_profile(bytes));
