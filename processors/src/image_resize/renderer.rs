//! Renders pictures beside the async work: so many at a time, so much memory, and so long at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::picture::{Code, Failure, Limits, inspect};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::timeout;
use tracing::error;

use super::ImageSettings;
use super::cell::Cells;
use crate::picture::{self, Variant};

/// So many threads may still be busy with pictures that were given up, beside one for each slot. When there are more,
/// new pictures wait for the end of one.
const ABANDONED_THREADS_MAX: usize = 4;

/// Memory is handed out in pieces of this many bytes, since a semaphore counts no further than four billion.
const PIECE_BYTES: u64 = 1_024;

/// Makes the variants of a picture; asks the second argument between its stages whether to stop.
pub(super) type Render =
    Arc<dyn Fn(&[u8], &dyn Fn() -> bool) -> Result<Vec<Variant>, Failure> + Send + Sync>;

pub(super) struct Renderer {
    place: Place,
    limits: Limits,
    threads: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    pieces_max: u32,
    time_max: Duration,
}

/// Where pictures are rendered.
enum Place {
    /// On threads of this process: a panic ends its picture, a crash ends the process.
    Here(Render),
    /// In processes of their own.
    Apart(Cells),
}

/// Held by the thread itself, since one that was given up still needs its memory until it ends.
struct Room {
    _thread: OwnedSemaphorePermit,
    _memory: OwnedSemaphorePermit,
}

/// Tells the thread to stop when nobody waits for its result any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Renderer {
    pub(super) fn new(settings: &ImageSettings) -> Self {
        if let Some(program) = &settings.cell_program {
            return Self::at(Place::Apart(Cells::new(program.clone(), settings)), settings);
        }
        let (limits, presets) = (settings.limits.clone(), settings.presets.clone());
        let render: Render =
            Arc::new(move |bytes, stop| picture::render(bytes, &limits, &presets, stop));
        Self::with(render, settings)
    }

    pub(super) fn with(render: Render, settings: &ImageSettings) -> Self {
        Self::at(Place::Here(render), settings)
    }

    fn at(place: Place, settings: &ImageSettings) -> Self {
        let pieces_max = pieces(settings.decode_bytes_in_flight_max);
        let memory = usize::try_from(pieces_max).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            place,
            limits: settings.limits.clone(),
            threads: Arc::new(Semaphore::new(settings.concurrency + ABANDONED_THREADS_MAX)),
            memory: Arc::new(Semaphore::new(memory)),
            pieces_max,
            time_max: Duration::from_secs_f64(settings.render_s_max),
        }
    }

    /// Has all ready for the next picture.
    pub(super) fn prepare(&self) {
        if let Place::Apart(cells) = &self.place {
            cells.prepare();
        }
    }

    /// The variants of the picture `bytes`. A panic of a decoder is a failure like any other, and in a process of its own
    /// so is its crash.
    pub(super) async fn render(&self, bytes: Bytes) -> Result<Vec<Variant>, Failure> {
        let header = inspect(&bytes, &self.limits)?;
        let room = self.room_for(header.decode_bytes).await;
        let rendered = match &self.place {
            Place::Here(render) => {
                timeout(self.time_max, on_a_thread(Arc::clone(render), bytes, room)).await
            }
            Place::Apart(cells) => {
                // The cell is killed before its room is let go.
                let _room = room;
                let rendering = cells.render(bytes, header.decode_bytes);
                let rendered = timeout(self.time_max, rendering).await;
                cells.prepare();
                rendered
            }
        };
        rendered.unwrap_or_else(|_elapsed| {
            let detail = format!("rendering took more than {} s", self.time_max.as_secs_f64());
            Err(Failure::new(Code::Timeout, detail))
        })
    }

    async fn room_for(&self, decode_bytes: u64) -> Room {
        if self.threads.available_permits() == 0 {
            error!("every thread for pictures is busy with one that was given up; waiting for it");
        }
        let pieces = pieces(decode_bytes).min(self.pieces_max);
        // Threads first: with memory in hand, a wait for a thread would hold up the others for nothing.
        let thread = Arc::clone(&self.threads).acquire_owned().await;
        let memory = Arc::clone(&self.memory).acquire_many_owned(pieces).await;
        Room {
            _thread: thread.expect("the semaphore is never closed"),
            _memory: memory.expect("the semaphore is never closed"),
        }
    }
}

/// Dropped, it tells the thread to stop, and does not wait for it.
async fn on_a_thread(render: Render, bytes: Bytes, room: Room) -> Result<Vec<Variant>, Failure> {
    let stopped = Arc::new(AtomicBool::new(false));
    let _stop = StopOnDrop(Arc::clone(&stopped));
    let rendering = spawn_blocking(move || {
        let _room = room;
        render(&bytes, &|| stopped.load(Ordering::Relaxed))
    });
    rendering.await.unwrap_or_else(|error| Err(broken(&error)))
}

fn pieces(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(PIECE_BYTES)).unwrap_or(u32::MAX).max(1)
}

fn broken(error: &JoinError) -> Failure {
    let what = if error.is_panic() { "panicked" } else { "was stopped" };
    Failure::new(Code::Internal, format!("the decoder {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc;
    use std::sync::{Condvar, Mutex};

    use futures::poll;
    use image::{ImageFormat, RgbImage};
    use tokio::time::advance;

    /// Asks for 300 bytes, which is a piece of memory.
    fn icon() -> Bytes {
        let mut file = Cursor::new(Vec::new());
        RgbImage::new(10, 10).write_to(&mut file, ImageFormat::Png).unwrap();
        Bytes::from(file.into_inner())
    }

    #[derive(Default)]
    struct Door {
        open: Mutex<bool>,
        opened: Condvar,
        entered: AtomicUsize,
    }

    impl Door {
        /// A decoder that listens to nobody, and ends when the door opens.
        fn decoder(self: &Arc<Self>) -> Render {
            let door = Arc::clone(self);
            Arc::new(move |_, _| {
                door.entered.fetch_add(1, Ordering::SeqCst);
                let shut = |open: &mut bool| !*open;
                let _open = door.opened.wait_while(door.open.lock().unwrap(), shut).unwrap();
                Ok(Vec::new())
            })
        }

        fn open(&self) {
            *self.open.lock().unwrap() = true;
            self.opened.notify_all();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn threads_that_were_given_up_are_bounded_and_taken_back_when_they_end() {
        let door = Arc::new(Door::default());
        let settings = ImageSettings { concurrency: 1, ..ImageSettings::default() };
        let renderer = Renderer::with(door.decoder(), &settings);
        for _ in 0..=ABANDONED_THREADS_MAX {
            let mut rendering = std::pin::pin!(renderer.render(icon()));
            assert!(poll!(rendering.as_mut()).is_pending());
            advance(Duration::from_secs(31)).await;
            assert_eq!(rendering.await.unwrap_err().code, Code::Timeout);
        }
        let mut waiting = std::pin::pin!(renderer.render(icon()));
        advance(Duration::from_secs(3_600)).await;
        assert!(poll!(waiting.as_mut()).is_pending(), "it waits for a thread, not for its time");
        door.open();
        assert_eq!(waiting.await, Ok(Vec::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn pictures_that_are_too_large_together_are_decoded_one_after_the_other() {
        let (tell, told) = mpsc::channel();
        let tell = Mutex::new(tell);
        let inside = AtomicUsize::new(0);
        let render: Render = Arc::new(move |_, _| {
            let together = inside.fetch_add(1, Ordering::SeqCst) + 1;
            tell.lock().unwrap().send(together).unwrap();
            inside.fetch_sub(1, Ordering::SeqCst);
            Ok(Vec::new())
        });
        for (memory, first_two_may_meet) in [(199_000, false), (99_000, false), (205_000, true)] {
            let settings =
                ImageSettings { decode_bytes_in_flight_max: memory, ..ImageSettings::default() };
            let renderer = Renderer::with(Arc::clone(&render), &settings);
            let _held = renderer.room_for(100_000).await;
            let mut second = std::pin::pin!(renderer.room_for(100_000));
            assert_eq!(poll!(second.as_mut()).is_ready(), first_two_may_meet);
        }
        let settings = ImageSettings { decode_bytes_in_flight_max: 1, ..ImageSettings::default() };
        let renderer = Renderer::with(render, &settings);
        let all = futures::future::join_all((0..20).map(|_| renderer.render(icon()))).await;
        assert!(all.iter().all(Result::is_ok));
        assert!(told.try_iter().all(|together| together == 1));
    }
}
