//! The points at which each role is killed, one after the other.

use crate::random::Random;

/// A role, and where its process is killed.
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) points: &'static [Point],
}

/// A place in the program, and at which of its passages the kill may land: the first, and so many more.
pub(crate) struct Point {
    pub(crate) name: &'static str,
    passages: (u64, u64),
}

impl Point {
    const fn new(name: &'static str, first: u64, last: u64) -> Self {
        Self { name, passages: (first, last) }
    }

    /// The passage of one run.
    pub(crate) fn passage(&self, random: &mut Random) -> u64 {
        let (first, last) = self.passages;
        first + random.below(last - first + 1)
    }
}

/// All that there are. What a process does seldom, or only after a start, is killed early.
pub(crate) const ROLES: [Role; 6] = [
    Role {
        name: "ams",
        points: &[
            Point::new("command-accepted", 5, 40),
            Point::new("postgres-before-append", 5, 40),
            Point::new("postgres-after-append", 5, 40),
            Point::new("upload-after-blob", 1, 5),
            Point::new("blob-before-rename", 1, 5),
            Point::new("blob-after-rename", 1, 5),
        ],
    },
    Role {
        name: "api",
        points: &[
            Point::new("command-accepted", 3, 15),
            Point::new("postgres-before-append", 3, 15),
            Point::new("postgres-after-append", 3, 15),
        ],
    },
    Role {
        name: "relay",
        points: &[
            Point::new("relay-after-read", 1, 20),
            Point::new("relay-after-send", 1, 20),
            Point::new("relay-before-commit", 1, 20),
            Point::new("relay-after-commit", 1, 20),
        ],
    },
    Role {
        name: "projections",
        points: &[
            Point::new("mongo-mid-batch", 1, 40),
            Point::new("mongo-before-progress", 1, 40),
            Point::new("mongo-after-progress", 1, 40),
            Point::new("cache-before-put", 1, 40),
            Point::new("cache-before-progress", 1, 40),
            Point::new("cache-after-progress", 1, 40),
        ],
    },
    Role {
        name: "images",
        points: &[
            Point::new("image-after-start", 1, 3),
            Point::new("image-mid-write", 1, 3),
            Point::new("image-after-write", 1, 3),
            Point::new("blob-before-rename", 1, 4),
            Point::new("blob-after-rename", 1, 4),
            Point::new("postgres-before-append", 1, 4),
            Point::new("postgres-after-append", 1, 4),
        ],
    },
    Role {
        name: "vibration",
        points: &[
            Point::new("vibration-mid-window", 1, 20),
            Point::new("vibration-before-commit", 1, 10),
            Point::new("vibration-after-commit", 1, 10),
            Point::new("postgres-before-append", 1, 4),
            Point::new("postgres-after-append", 1, 4),
        ],
    },
];
