//! For tests: the process kills itself with SIGKILL at a named point, as if the machine had lost power there; and pictures
//! that no decoder survives.
//!
//! `ATALAYA_KILL_AT=log-after-commit:17` means: at the 17th passage of that point. Only with the feature `failpoints`.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Signal, getpid, kill_process};

type Effect = fn();

/// What may stand in a picture: the decoder that meets it ends its process, takes all memory, or never ends.
const POISONS: [(&[u8], Effect); 3] = [
    (b"poison: crash", || std::process::abort()),
    (b"poison: memory", take_all_memory),
    (b"poison: hang", || {
        loop {
            std::hint::spin_loop();
        }
    }),
];

/// Arms the point that the environment names, if it names one.
///
/// # Panics
/// The setting is not `point:number`: a test that kills nothing would prove nothing.
pub fn arm() {
    let Ok(setting) = std::env::var("ATALAYA_KILL_AT") else { return };
    let (point, passage) = setting.rsplit_once(':').expect("ATALAYA_KILL_AT is `point:number`");
    let passage: u64 = passage.parse().expect("ATALAYA_KILL_AT ends in a number");
    let passed = AtomicU64::new(0);
    fail::cfg_callback(point, move || {
        if passed.fetch_add(1, Ordering::SeqCst) + 1 == passage {
            kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
        }
    })
    .expect("the point can be armed");
}

/// As a decoder with a fault does: the right picture ends it.
pub fn meet_poison(picture: &[u8]) {
    for (poison, effect) in POISONS {
        if picture.windows(poison.len()).any(|part| part == poison) {
            effect();
        }
    }
}

fn take_all_memory() {
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(vec![1_u8; 1 << 20]));
    }
}
