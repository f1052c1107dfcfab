//! Puts blocks of one sensor and axis into order that overtook each other, within a bound.

use serde::{Deserialize, Serialize};

use super::block::SampleBlock;
use super::window::{Assembler, Placement, REANCHOR_SAMPLES_MAX, Taken};

/// So many blocks may wait for one that was sent before them.
const WAITING_BLOCKS_MAX: usize = 3;
/// Longer blocks do not wait, so that what waits is bounded in bytes as well: 1.5 MiB.
const WAITING_SAMPLES_MAX: usize = 131_072;

/// The blocks that came before their turn.
///
/// A block waits when exactly one, two or three blocks of its length are missing before it: then they are likely to be
/// on their way. Any other gap is taken for one at once, so that a sensor that sends now and then is judged without
/// delay.
///
/// ```text
/// comes      1     3     4     2            1     3     4     5     6     2
/// is taken   1                 2 3 4        1                       3 …   late
/// ```
///
/// It can be written and read back at any point without a trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reorder {
    /// By their starts.
    waiting: Vec<SampleBlock>,
}

impl Reorder {
    /// Takes in the next block that came, and what waited for it. Empty when the block waits itself.
    pub fn push(&mut self, assembler: &mut Assembler, block: &SampleBlock) -> Vec<Taken> {
        let key = |it: &SampleBlock| (it.started_at, it.samples.len());
        if self.waiting.iter().any(|waiting| key(waiting) == key(block)) {
            return vec![Taken::nothing(Placement::Duplicate)];
        }
        match assembler.slip_samples(block) {
            Some(slip) if is_ahead(slip) && self.may_wait(slip, block) => {
                self.wait(block.clone());
                Vec::new()
            }
            Some(slip) if !is_ahead(slip) => {
                let mut taken = vec![assembler.push(block)];
                self.follow(assembler, &mut taken);
                taken
            }
            // Nothing is expected any more, or nothing of the kind: what waited has waited in vain.
            _ => {
                self.wait(block.clone());
                self.flush(assembler)
            }
        }
    }

    /// Takes in what waits: nothing will come that belongs before it.
    pub fn flush(&mut self, assembler: &mut Assembler) -> Vec<Taken> {
        self.waiting.drain(..).map(|block| assembler.push(&block)).collect()
    }

    fn may_wait(&self, slip_samples: f64, block: &SampleBlock) -> bool {
        let length = block.samples.len() as f64;
        let missing = (slip_samples / length).round();
        let is_whole = (slip_samples - missing * length).abs() <= REANCHOR_SAMPLES_MAX;
        let is_near = (1.0..=WAITING_BLOCKS_MAX as f64).contains(&missing);
        let has_room = self.waiting.len() < WAITING_BLOCKS_MAX;
        is_whole && is_near && has_room && block.samples.len() <= WAITING_SAMPLES_MAX
    }

    fn wait(&mut self, block: SampleBlock) {
        let place = self.waiting.partition_point(|it| it.started_at <= block.started_at);
        self.waiting.insert(place, block);
    }

    /// Takes in those whose turn has come.
    fn follow(&mut self, assembler: &mut Assembler, taken: &mut Vec<Taken>) {
        while let Some(first) = self.waiting.first() {
            if assembler.slip_samples(first).is_some_and(is_ahead) {
                return;
            }
            taken.push(assembler.push(first));
            self.waiting.remove(0);
        }
    }
}

/// Something is missing before the block.
fn is_ahead(slip_samples: f64) -> bool {
    slip_samples > REANCHOR_SAMPLES_MAX
}
