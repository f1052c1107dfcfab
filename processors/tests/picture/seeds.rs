//! Hands the corpus to the fuzzers of `tests/fuzz`, a folder for each: `SEEDS_TO` names the folder of all.

use std::{collections::BTreeMap, fs, path::Path};

use domain::picture::{Format, jpeg_profile, sniff};

use crate::corpus::CORPUS;

/// Longer files slow a fuzzer down more than they teach it.
const SEED_BYTES_MAX: usize = 1 << 20;
/// A fuzzer for each, and one for profiles.
const FORMATS: [Format; 6] =
    [Format::Jpeg, Format::Png, Format::Webp, Format::Gif, Format::Bmp, Format::Tiff];
const PROFILE_BYTES_MAX: usize = 1 << 20;

fn seeds() -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut seeds = BTreeMap::<_, Vec<_>>::new();
    for bytes in CORPUS.iter().map(|entry| &entry.bytes) {
        let Ok(format) = sniff(bytes) else { continue };
        if bytes.len() <= SEED_BYTES_MAX {
            seeds.entry(format.name().to_lowercase()).or_default().push(bytes.clone());
        }
        if let Some(profile) = jpeg_profile(bytes, PROFILE_BYTES_MAX) {
            seeds.entry("profile".to_owned()).or_default().push(profile);
        }
    }
    seeds
}

fn write(seeds: &BTreeMap<String, Vec<Vec<u8>>>, folder: &Path) {
    for (fuzzer, files) in seeds {
        let folder = folder.join(fuzzer);
        fs::create_dir_all(&folder).expect("the folder can be made");
        for (number, bytes) in files.iter().enumerate() {
            fs::write(folder.join(format!("{number:03}")), bytes).expect("the seed can be written");
        }
    }
}

#[test]
fn every_fuzzer_is_given_seeds() {
    let seeds = seeds();
    let names = FORMATS.map(|format| format.name().to_lowercase());
    for fuzzer in names.iter().map(String::as_str).chain(["profile"]) {
        assert!(seeds.contains_key(fuzzer), "{fuzzer} has nothing to begin with");
    }
    if let Some(folder) = std::env::var_os("SEEDS_TO") {
        write(&seeds, Path::new(&folder));
    }
}
