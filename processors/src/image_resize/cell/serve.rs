//! Inside a cell: pictures in, variants out, until nobody asks any more.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use domain::picture::Presets;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::wire::{self, Orders, garbled};
use crate::picture;

/// Renders what comes in by the standard input as the `orders` say, each picture after `before` has seen it. It ends the
/// process when the input does, also in the middle of a picture: whoever asked is gone.
///
/// # Errors
/// The orders are not those of this program, or nobody takes the answers.
pub fn serve(orders: &str, before: &dyn Fn(&[u8])) -> io::Result<()> {
    let Orders { limits, presets, memory_bytes_max } = serde_json::from_str(orders)?;
    let presets: Presets = presets.parse().map_err(io::Error::other)?;
    confine(memory_bytes_max)?;
    let mut answers = io::stdout().lock();
    for picture in pictures(limits.body_bytes_max) {
        before(&picture);
        let rendered = picture::render(&picture, &limits, &presets, &|| false);
        wire::write(&rendered, &mut answers)?;
    }
    Ok(())
}

/// From now on, allocating more than that fails, which ends the process; and it leaves no image of itself behind.
fn confine(memory_bytes_max: u64) -> io::Result<()> {
    let no_more = |most| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::Data, no_more(memory_bytes_max))?;
    Ok(setrlimit(Resource::Core, no_more(0))?)
}

/// Those that come in, one at a time; read beside the work, so that the end is noticed during it.
fn pictures(body_bytes_max: u64) -> Receiver<Vec<u8>> {
    let (hand_on, come_in) = sync_channel(1);
    thread::spawn(move || {
        let code = match hand_on_all(&hand_on, body_bytes_max) {
            Ok(()) => 0,
            Err(error) => {
                // Nobody else is left to be told.
                let _ = writeln!(io::stderr(), "reading a picture: {error}");
                1
            }
        };
        std::process::exit(code);
    });
    come_in
}

fn hand_on_all(to: &SyncSender<Vec<u8>>, body_bytes_max: u64) -> io::Result<()> {
    let mut asks = io::stdin().lock();
    loop {
        let mut length = [0; 4];
        match asks.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let length = u32::from_le_bytes(length);
        if u64::from(length) > body_bytes_max {
            return Err(garbled("it is too long"));
        }
        let mut picture = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        asks.read_exact(&mut picture)?;
        if to.send(picture).is_err() {
            return Ok(());
        }
    }
}
