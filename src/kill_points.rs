//! For tests: the process kills itself with SIGKILL at a named point, as if the machine had lost power there.
//!
//! `ATALAYA_KILL_AT=log-after-commit:17` means: at the 17th passage of that point. Only with the feature `failpoints`.

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Signal, getpid, kill_process};

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
