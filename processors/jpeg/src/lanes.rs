//! Lets loops be compiled a second time, for processors with wider vectors than all have.

use fearless_simd::Level;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
use fearless_simd::Simd;

/// What the processor at hand can do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes(Level);

impl Lanes {
    pub(crate) fn new() -> Self {
        Self(Level::new())
    }

    /// Runs `work`, whose loops must be inlined into it for this to be of use. The same operations are done in the same
    /// order in any case: none are fused or put in another order, and so the results are the same.
    #[inline(always)]
    pub(crate) fn run<R>(self, work: impl FnOnce() -> R) -> R {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        if let Some(avx2) = self.0.as_avx2() {
            return avx2.vectorize(work);
        }
        work()
    }
}
