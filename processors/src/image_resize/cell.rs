//! Renders pictures in processes of their own: what goes wrong with one there ends there.
//!
//! ```text
//!  worker ──picture──▶ cell       killed when the time is up, or when nobody waits any more
//!         ◀─variants──            ends itself: a crash, a panic, more memory than it may take
//! ```
//!
//! A cell is this program, started anew with nothing but its orders: no settings, no secrets, no connections. It renders
//! one picture after the other, and ends when its input does. Of one picture nothing is left for the next but memory that
//! was freed.

mod serve;
mod wire;

#[cfg(test)]
mod tests;

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use domain::picture::{Code, Failure, Preset};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tracing::warn;

use super::ImageSettings;
use crate::picture::Variant;
use wire::{Head, Orders};

pub use serve::serve;

/// The argument by which the program is a cell; its orders follow.
pub const ARGUMENT: &str = "render";

/// What a process takes before it has a picture, and what its encoders take.
const OWN_BYTES_MAX: u64 = 64 << 20;
/// A variant is there as it was resampled, in sRGB, upright, and as a file.
const VARIANT_BYTES_PER_PIXEL_MAX: u64 = 12;
/// What a picture takes that is worth a new process: the memory of the old one goes back to the system for certain.
const KEPT_DECODE_BYTES_MAX: u64 = 100_000_000;
/// What the C library is told: to keep up to 24 MB of freed memory for the next picture, and to take pieces of up to 16 MB
/// from it. By itself it gives nearly all of it back to the system, which hands it out again page by page, as zeros: with a
/// photo of 12 megapixels that is a seventh of the processor time. Other C libraries do not look at it.
const MEMORY_KEPT: (&str, &str) =
    ("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=16777216:glibc.malloc.trim_threshold=25165824");
/// Of what a cell says before it ends.
const LAST_WORDS_BYTES_MAX: u64 = 4 << 10;
/// How Rust says that there is no memory, before it ends the process.
const NO_MEMORY: &str = "memory allocation of";

/// The cells of a worker. As many as it has slots are kept for the next picture, and where none is, one is started ahead.
pub(super) struct Cells {
    program: PathBuf,
    arguments: Vec<String>,
    kept: usize,
    idle: Mutex<Vec<Cell>>,
}

/// Dropped, it is killed.
struct Cell {
    process: Child,
    asks: ChildStdin,
    answers: ChildStdout,
    words: ChildStderr,
}

impl Cells {
    pub(super) fn new(program: PathBuf, settings: &ImageSettings) -> Self {
        let ImageSettings { limits, presets, .. } = settings;
        let orders = Orders {
            limits: limits.clone(),
            presets: presets.to_string(),
            memory_bytes_max: limits.decode_bytes_max
                + 2 * limits.body_bytes_max
                + presets.iter().map(variant_bytes_max).sum::<u64>()
                + OWN_BYTES_MAX,
        };
        let orders = serde_json::to_string(&orders).expect("orders are plain data");
        Self::running(program, vec![ARGUMENT.to_owned(), orders], settings.concurrency)
    }

    fn running(program: PathBuf, arguments: Vec<String>, kept: usize) -> Self {
        Self { program, arguments, kept, idle: Mutex::default() }
    }

    /// Has a cell wait for the next picture, if none does: to start one takes about as long as to render a small picture.
    pub(super) fn prepare(&self) {
        let is_waiting = !self.idle.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if is_waiting {
            return;
        }
        match Cell::start(&self.program, &self.arguments) {
            Ok(cell) => self.keep(cell),
            // The next picture tries again, and fails with the reason.
            Err(error) => warn!("starting a process for the decoder: {error}"),
        }
    }

    /// The variants of `picture`, whose header asks for `decode_bytes`. Dropped half-way, it ends the work.
    pub(super) async fn render(
        &self,
        picture: Bytes,
        decode_bytes: u64,
    ) -> Result<Vec<Variant>, Failure> {
        let mut cell = self.take().map_err(|error| {
            Failure::new(Code::Internal, format!("a process for the decoder: {error}"))
        })?;
        match cell.render(picture).await {
            Ok(answer) => {
                if decode_bytes <= KEPT_DECODE_BYTES_MAX {
                    self.keep(cell);
                }
                answer
            }
            Err(error) => Err(cell.end(&error).await),
        }
    }

    fn take(&self) -> io::Result<Cell> {
        while let Some(mut cell) = self.pop() {
            // It may have been ended meanwhile, by whoever needs memory.
            if matches!(cell.process.try_wait(), Ok(None)) {
                return Ok(cell);
            }
        }
        Cell::start(&self.program, &self.arguments)
    }

    fn pop(&self) -> Option<Cell> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, cell: Cell) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.kept {
            idle.push(cell);
        }
    }
}

impl Cell {
    fn start(program: &PathBuf, arguments: &[String]) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env(MEMORY_KEPT.0, MEMORY_KEPT.1);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C at a terminal is for us; the pictures in hand are finished first.
        command.process_group(0).kill_on_drop(true);
        let mut process = command.spawn()?;
        let pipe = || io::Error::other("a pipe is missing");
        Ok(Self {
            asks: process.stdin.take().ok_or_else(pipe)?,
            answers: process.stdout.take().ok_or_else(pipe)?,
            words: process.stderr.take().ok_or_else(pipe)?,
            process,
        })
    }

    async fn render(&mut self, picture: Bytes) -> io::Result<Result<Vec<Variant>, Failure>> {
        self.asks.write_all(&wire::length(picture.len())?).await?;
        self.asks.write_all(&picture).await?;
        self.asks.flush().await?;
        // The cell has it now, and once is enough.
        drop(picture);
        match self.head().await? {
            Ok(made) => {
                let mut bytes = vec![0; wire::following(&made)];
                self.answers.read_exact(&mut bytes).await?;
                wire::variants(made, &bytes).map(Ok)
            }
            Err(failure) => Ok(Err(failure)),
        }
    }

    async fn head(&mut self) -> io::Result<Head> {
        let length = usize::try_from(self.answers.read_u32_le().await?).unwrap_or(usize::MAX);
        if length > wire::HEAD_BYTES_MAX {
            return Err(wire::garbled("its head is too long"));
        }
        let mut head = vec![0; length];
        self.answers.read_exact(&mut head).await?;
        wire::head(&head)
    }

    /// What became of a cell that gave no answer.
    async fn end(self, error: &io::Error) -> Failure {
        let Self { mut process, asks, answers, words: last_words } = self;
        drop((asks, answers));
        // One that has ended is not hurt by it, and keeps the status that it had.
        let _ = process.start_kill();
        let mut words = Vec::new();
        let _ = last_words.take(LAST_WORDS_BYTES_MAX).read_to_end(&mut words).await;
        let words = String::from_utf8_lossy(&words);
        let words = words.trim();
        match process.wait().await {
            Ok(status) => {
                warn!("a process that renders pictures ended with {status}: {error}: {words}");
                failure(status, words)
            }
            Err(error) => Failure::new(Code::Internal, format!("the decoder is lost: {error}")),
        }
    }
}

fn variant_bytes_max(preset: &Preset) -> u64 {
    u64::from(preset.side_pixels_max).pow(2) * VARIANT_BYTES_PER_PIXEL_MAX
}

/// What a client is told: nothing of what the cell said, which may hold what came with the picture.
fn failure(status: ExitStatus, words: &str) -> Failure {
    if words.contains(NO_MEMORY) {
        return Failure::new(Code::OutOfMemory, "rendering takes more memory than it may");
    }
    let how = match status.signal() {
        Some(signal) => format!("the decoder was ended by signal {signal}"),
        None => "the decoder broke".to_owned(),
    };
    Failure::new(Code::Internal, how)
}
