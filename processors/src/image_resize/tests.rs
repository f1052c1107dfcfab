//! Pictures through dispatcher, queue and worker, over memory and on a paused clock.

mod ends;
mod expiry;
mod faults;
mod orphans;
mod presets;
mod reuse;
mod slots;

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::image::{Command, Image, ImageEvent, Submission, Variant};
use image::{ImageFormat, Rgb, RgbImage};
use ports::PortError;
use ports::blobs::{BlobKey, Blobs, VariantName};
use ports::command_bus::CommandEnvelope;
use ports::stream::GlobalPosition;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

use super::renderer::Renderer;
use super::{Dispatcher, ImageSettings, Worker};
use crate::Dependencies;
use crate::one_by_one::OneByOne;
use crate::testing::World;

/// How often a test looks before it says that something never happens.
const LOOKS_MAX: usize = 20_000;

/// A picture that differs by `shade`.
fn photo(shade: u8) -> Bytes {
    let picture = RgbImage::from_fn(1600, 1200, |x, y| {
        Rgb([shade, (x / 7).to_le_bytes()[0], (y / 5).to_le_bytes()[0]])
    });
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Jpeg).unwrap();
    Bytes::from(file.into_inner())
}

/// A picture that takes no time.
fn icon(shade: u8) -> Bytes {
    let mut file = Cursor::new(Vec::new());
    RgbImage::from_pixel(8, 6, Rgb([shade, 9, 9])).write_to(&mut file, ImageFormat::Png).unwrap();
    Bytes::from(file.into_inner())
}

fn task(number: u128) -> Uuid {
    Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0000 + number)
}

fn submission(priority: i32) -> Command {
    Command::Submit(submitted(priority))
}

fn submitted(priority: i32) -> Submission {
    Submission {
        motor_id: None,
        priority,
        not_before: None,
        format: "jpeg".to_owned(),
        width: 1600,
        height: 1200,
        bytes: 90,
        sha256: "00".repeat(32),
    }
}

/// The image side of the program: what a test submits goes all the way by itself.
struct Rig {
    world: World,
    dispatcher: OneByOne<Dispatcher>,
    dispatched: GlobalPosition,
}

impl Rig {
    fn new() -> Self {
        let world = World::new();
        let dispatcher = Dispatcher::new(world.queue.clone(), world.clock.clone());
        let dispatcher = OneByOne::new(dispatcher, world.checkpoints.clone());
        Self { world, dispatcher, dispatched: GlobalPosition(0) }
    }

    async fn submit(&self, task_id: Uuid, original: Bytes) {
        self.world.blobs.put(&BlobKey::Original { task_id }, original).await.unwrap();
        let sha256 = format!("{:064x}", task_id.as_u128());
        self.send(task_id, Command::Submit(Submission { sha256, ..submitted(0) })).await;
    }

    /// As if it were the same picture as every other one that is submitted by this.
    async fn submit_twin(&self, task_id: Uuid, original: Bytes) {
        self.world.blobs.put(&BlobKey::Original { task_id }, original).await.unwrap();
        self.send(task_id, submission(0)).await;
    }

    async fn send(&self, task_id: Uuid, command: Command) {
        let mut envelope = CommandEnvelope::new::<Image>(task_id, &command);
        envelope.metadata.correlation_id = Some("talk".to_owned());
        ports::command_bus::CommandBus::send(&*self.world.bus, envelope).await.unwrap();
    }

    async fn dispatch(&mut self) {
        self.world.feed(&self.dispatcher, &mut self.dispatched).await;
    }

    async fn history(&self, task_id: Uuid) -> Vec<ImageEvent> {
        self.world.history::<Image>(task_id).await
    }

    /// Goes on until the task has such an event, and gives its history.
    async fn until(
        &mut self,
        task_id: Uuid,
        wanted: impl Fn(&ImageEvent) -> bool,
    ) -> Vec<ImageEvent> {
        for _ in 0..LOOKS_MAX {
            self.dispatch().await;
            let history = self.history(task_id).await;
            if history.iter().any(&wanted) {
                return history;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("it never happened: {:?}", self.history(task_id).await);
    }

    async fn until_completed(&mut self, task_id: Uuid) -> Vec<ImageEvent> {
        self.until(task_id, |event| matches!(event, ImageEvent::Completed {})).await
    }

    async fn until_given_up(&mut self, task_id: Uuid) -> Vec<ImageEvent> {
        self.until(task_id, |event| matches!(event, ImageEvent::DeadLettered { .. })).await
    }

    async fn variant(&self, task_id: Uuid, name: &str) -> Option<Bytes> {
        let name = VariantName::new(name).unwrap();
        self.world.blobs.get(&BlobKey::Variant { task_id, name }).await.unwrap()
    }

    async fn queue_is_empty(&self) -> bool {
        let queue: &dyn ports::work_queue::WorkQueue = &*self.world.queue;
        queue.next_available_at().await.unwrap().is_none()
    }
}

/// A worker at work; gone without a trace when dropped.
struct Running {
    drain: watch::Sender<bool>,
    handle: JoinHandle<()>,
}

impl Running {
    fn start(worker: Worker) -> Self {
        let (drain, draining) = watch::channel(false);
        Self { drain, handle: tokio::spawn(worker.run(draining)) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

fn work(rig: &Rig) -> Running {
    Running::start(Worker::new(&rig.world.dependencies(), ImageSettings::default()))
}

fn work_on(dependencies: &Dependencies, settings: ImageSettings) -> Running {
    Running::start(Worker::new(dependencies, settings))
}

/// A worker that renders with `render`.
fn work_with(rig: &Rig, render: super::renderer::Render, settings: ImageSettings) -> Running {
    let renderer = Renderer::with(render, &settings);
    Running::start(Worker::with(&rig.world.dependencies(), renderer, settings))
}

/// Blobs that are only read while a gate is open, and that count who stands before it.
struct Gate {
    inner: Arc<dyn Blobs>,
    open: Semaphore,
    inside: AtomicUsize,
    inside_max: AtomicUsize,
}

impl Gate {
    fn shut(rig: &Rig) -> Arc<Self> {
        Arc::new(Self {
            inner: rig.world.blobs.clone(),
            open: Semaphore::new(0),
            inside: AtomicUsize::new(0),
            inside_max: AtomicUsize::new(0),
        })
    }

    fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }

    async fn until_inside(&self, count: usize) {
        for _ in 0..LOOKS_MAX {
            if self.inside() == count {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{} instead of {count} are inside", self.inside());
    }
}

/// Counts down also when the reader is dropped half-way.
struct Inside<'a>(&'a Gate);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Blobs for Gate {
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), PortError> {
        self.inner.put(key, bytes).await
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Bytes>, PortError> {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        let _inside = Inside(self);
        self.inside_max.fetch_max(inside, Ordering::SeqCst);
        self.open.acquire().await.expect("the gate stays").forget();
        self.inner.get(key).await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), PortError> {
        self.inner.delete(key).await
    }

    async fn originals(
        &self,
        after: Option<Uuid>,
        originals_max: usize,
    ) -> Result<Vec<Uuid>, PortError> {
        self.inner.originals(after, originals_max).await
    }
}

fn produced(history: &[ImageEvent]) -> Vec<&Variant> {
    history
        .iter()
        .filter_map(|event| match event {
            ImageEvent::VariantProduced(variant) => Some(variant),
            _ => None,
        })
        .collect()
}

fn count(history: &[ImageEvent], wanted: impl Fn(&ImageEvent) -> bool) -> usize {
    history.iter().filter(|event| wanted(event)).count()
}

fn started(history: &[ImageEvent]) -> usize {
    count(history, |event| matches!(event, ImageEvent::ProcessingStarted { .. }))
}

fn completed(history: &[ImageEvent]) -> usize {
    count(history, |event| matches!(event, ImageEvent::Completed {}))
}
