//! Makes any port fail now and then, by seed.

mod ports;

use std::sync::{Arc, Mutex};

use tokio::task::yield_now;

use super::lock;
use crate::PortError;

/// How often a call gives way to other tasks at most, so that the seed also decides who comes first.
const YIELDS_MAX: u64 = 3;

/// A port that fails as [`Faults`] says, over one that does not.
pub struct Faulty<P: ?Sized> {
    inner: Arc<P>,
    faults: Arc<Faults>,
}

impl<P: ?Sized> Faulty<P> {
    /// Passes on to `inner` what does not fail. Ports with the same `faults` share one sequence of faults.
    pub fn over(inner: Arc<P>, faults: &Arc<Faults>) -> Self {
        Self { inner, faults: Arc::clone(faults) }
    }
}

/// When to fail: the same seed and the same calls give the same faults.
#[derive(Debug)]
pub struct Faults {
    plan: Mutex<Plan>,
}

#[derive(Debug)]
struct Plan {
    random: SplitMix64,
    rate: f64,
    injected: u64,
}

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is done, and the caller hears so.
    Passes,
    /// It is not done.
    FailsBefore,
    /// It is done, and the caller hears that it failed.
    FailsAfter,
}

/// The fault was put there on purpose.
#[derive(Debug, thiserror::Error)]
#[error("fault number {0} of the simulation")]
struct Injected(u64);

impl Faults {
    /// Of all calls the part `rate` fails (0: none, 1: all), half of them before their effect and half after it.
    pub fn seeded(seed: u64, rate: f64) -> Arc<Self> {
        let plan = Plan { random: SplitMix64::new(seed), rate, injected: 0 };
        Arc::new(Self { plan: Mutex::new(plan) })
    }

    /// From now on the part `rate` of all calls fails.
    pub fn set_rate(&self, rate: f64) {
        lock(&self.plan).rate = rate;
    }

    /// How many calls failed on purpose.
    pub fn injected(&self) -> u64 {
        lock(&self.plan).injected
    }

    /// Makes `call`, or fails before it, or after it. Whatever `call` itself fails with is passed on.
    async fn around<T, E: From<PortError>>(
        &self,
        attempted: &str,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let (fate, yields) = lock(&self.plan).draw();
        for _ in 0..yields {
            yield_now().await;
        }
        match fate {
            Fate::Passes => call.await,
            Fate::FailsBefore => Err(self.fault(attempted).into()),
            Fate::FailsAfter => call.await.and_then(|_| Err(self.fault(attempted).into())),
        }
    }

    fn fault(&self, attempted: &str) -> PortError {
        let mut plan = lock(&self.plan);
        plan.injected += 1;
        PortError::new(attempted, Injected(plan.injected))
    }
}

impl Plan {
    fn draw(&mut self) -> (Fate, u64) {
        let fails = self.random.unit() < self.rate;
        let after = self.random.below(2) == 1;
        let yields = self.random.below(YIELDS_MAX + 1);
        let fate = match (fails, after) {
            (false, _) => Fate::Passes,
            (true, false) => Fate::FailsBefore,
            (true, true) => Fate::FailsAfter,
        };
        (fate, yields)
    }
}

/// `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): small, and the same on
/// every machine.
#[derive(Clone, Debug)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// The sequence that belongs to `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number, evenly spread over all of them.
    pub const fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is at least 1. Its bias is far below what a simulation could notice.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// A number from 0 up to, but without, 1.
    pub const fn unit(&mut self) -> f64 {
        const STEPS: u64 = 1 << f64::MANTISSA_DIGITS;
        self.below(STEPS) as f64 / STEPS as f64
    }
}

#[cfg(test)]
mod tests;
