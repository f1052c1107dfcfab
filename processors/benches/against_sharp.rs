//! Our side of `benches/sharp`: renders the photos that it is told to, and leaves the measuring to whoever asked.
//!
//! A line of the standard input names a photo, how often it is to be rendered, and optionally a folder for the variants,
//! by tabs; a line of the standard output tells the bytes of each variant. As the worker does, it renders one picture to a
//! thread, on as many threads as `IN_FLIGHT` says, to the presets that `IMAGE_PRESETS` names.

use std::{
    fs,
    io::{self, BufRead, Write},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use domain::picture::{Limits, Preset, Presets};
use processors::picture::{Variant, render};

const IN_FLIGHT: usize = 2;

fn main() -> io::Result<()> {
    let in_flight = std::env::var("IN_FLIGHT").ok().and_then(|count| count.parse().ok());
    let in_flight = in_flight.unwrap_or(IN_FLIGHT);
    let presets = std::env::var("IMAGE_PRESETS").map_or_else(
        |_| Presets::default(),
        |presets| presets.parse().expect("IMAGE_PRESETS names presets"),
    );
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split('\t');
        let photo = fs::read(words.next().unwrap_or_default())?;
        let times = words.next().and_then(|times| times.parse().ok()).unwrap_or(1);
        let variants = rendered(&photo, &presets, times, in_flight);
        if let Some(folder) = words.next().filter(|folder| !folder.is_empty()) {
            keep(&variants, Path::new(folder))?;
        }
        let bytes: Vec<_> =
            variants.iter().map(|variant| variant.bytes.len().to_string()).collect();
        writeln!(out, "{}", bytes.join("\t"))?;
        out.flush()?;
    }
    Ok(())
}

/// Renders the photo so many times, and gives the variants of the last.
fn rendered(photo: &[u8], presets: &[Preset], times: usize, in_flight: usize) -> Vec<Variant> {
    let begun = AtomicUsize::new(0);
    let work = || {
        let mut last = Vec::new();
        while begun.fetch_add(1, Ordering::Relaxed) < times {
            last = render(photo, &Limits::default(), presets, &|| false).expect("a sound photo");
        }
        last
    };
    let all = thread::scope(|scope| {
        let threads: Vec<_> = (0..in_flight).map(|_| scope.spawn(work)).collect();
        let ended = threads.into_iter().map(|thread| thread.join().expect("nothing panics"));
        ended.collect::<Vec<_>>()
    });
    all.into_iter().find(|variants| !variants.is_empty()).unwrap_or_default()
}

fn keep(variants: &[Variant], folder: &Path) -> io::Result<()> {
    variants.iter().try_for_each(|variant| fs::write(folder.join(&*variant.name), &variant.bytes))
}
