//! The points at which the process is killed, and what has to be going on for it to come by.

use std::ops::RangeInclusive;

use super::random::Random;

/// What goes on when the kill lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scene {
    /// Commands, pictures and samples come in.
    Load,
    /// The same, and every projection is being rebuilt over and over.
    Rebuilding,
    /// The same, and events are found that nobody can read.
    Parking,
    /// The same, and events that can be read by now are replayed.
    Replaying,
}

/// A place in the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) name: &'static str,
    pub(crate) scene: Scene,
    /// At which of its passages the kill may land.
    passages: (u64, u64),
}

impl Point {
    const fn new(name: &'static str, scene: Scene, passages: RangeInclusive<u64>) -> Self {
        Self { name, scene, passages: (*passages.start(), *passages.end()) }
    }

    /// The passage of one run.
    pub(crate) fn passage(&self, random: &mut Random) -> u64 {
        let (first, last) = self.passages;
        first + random.below(last - first + 1)
    }
}

/// All that there are.
pub(crate) const POINTS: &[Point] = &[
    Point::new("command-accepted", Scene::Load, 5..=80),
    Point::new("command-before-append", Scene::Load, 5..=60),
    Point::new("command-after-append", Scene::Load, 5..=60),
    Point::new("log-mid-batch", Scene::Load, 10..=120),
    Point::new("log-before-commit", Scene::Load, 10..=100),
    Point::new("log-after-commit", Scene::Load, 10..=100),
    Point::new("documents-mid-batch", Scene::Rebuilding, 40..=200),
    Point::new("documents-before-commit", Scene::Rebuilding, 40..=200),
    Point::new("documents-after-commit", Scene::Rebuilding, 40..=200),
    Point::new("samples-mid-batch", Scene::Load, 3..=40),
    Point::new("samples-before-commit", Scene::Load, 3..=40),
    Point::new("samples-after-commit", Scene::Load, 3..=40),
    Point::new("vibration-mid-window", Scene::Load, 1..=20),
    Point::new("vibration-before-commit", Scene::Load, 1..=15),
    Point::new("vibration-after-commit", Scene::Load, 1..=15),
    Point::new("upload-after-blob", Scene::Load, 1..=10),
    Point::new("blob-before-rename", Scene::Load, 1..=20),
    Point::new("blob-after-rename", Scene::Load, 1..=20),
    Point::new("image-after-start", Scene::Load, 1..=8),
    Point::new("image-mid-write", Scene::Load, 1..=8),
    Point::new("image-after-write", Scene::Load, 1..=8),
    Point::new("runner-after-park", Scene::Parking, 1..=12),
    Point::new("runner-after-replay", Scene::Replaying, 1..=12),
];
