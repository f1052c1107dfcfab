//! However a stream is cut into blocks or interrupted, its windows are the same to the bit.

use domain::time::Timestamp;
use domain::vibration::{
    Assembler, Axis, Band, Placement, Reorder, SampleBlock, Unit, Window, window_samples,
};
use proptest::prelude::*;

use crate::signals::uniform;

const START_US: i64 = 1_767_225_600_123_457;

/// A stream of a sensor, from which blocks are cut.
struct Stream {
    sample_rate_hz: f64,
    samples: Vec<f32>,
}

impl Stream {
    fn new(seed: u64, sample_rate_hz: f64, samples: usize) -> Self {
        let samples = uniform(seed, samples).into_iter().map(|x| x as f32).collect();
        Self { sample_rate_hz, samples }
    }

    /// The block of `samples` from `from` on, with its time rounded to a microsecond as a sensor
    /// would.
    fn block(&self, from: usize, samples: usize) -> SampleBlock {
        let until = (from + samples).min(self.samples.len());
        SampleBlock {
            sensor: "DE".to_owned(),
            axis: Axis::RadialH,
            unit: Unit::StandardGravity,
            sample_rate_hz: self.sample_rate_hz,
            started_at: Timestamp::from_micros(START_US)
                .plus_seconds(from as f64 / self.sample_rate_hz),
            speed_rpm: Some(1480.1),
            samples: self.samples[from..until].to_vec(),
        }
    }

    /// The blocks of these lengths, again and again until the stream is over.
    fn blocks(&self, lengths: &[usize]) -> Vec<SampleBlock> {
        let mut from = 0;
        let mut blocks = Vec::new();
        for length in lengths.iter().cycle() {
            if from >= self.samples.len() {
                break;
            }
            blocks.push(self.block(from, *length));
            from += length;
        }
        blocks
    }
}

fn windows(assembler: &mut Assembler, blocks: &[SampleBlock]) -> Vec<Window> {
    blocks.iter().flat_map(|block| assembler.push(block).windows).collect()
}

fn whole(stream: &Stream) -> Vec<Window> {
    windows(&mut Assembler::new(Band::STANDARD), &[stream.block(0, usize::MAX / 2)])
}

fn bits(windows: &[Window]) -> Vec<(i64, u64, Vec<u32>)> {
    let bits_of = |window: &Window| {
        let samples = window.samples.iter().map(|sample| sample.to_bits()).collect();
        let speed = window.speed_rpm.expect("always told").to_bits();
        (window.started_at.as_micros(), speed, samples)
    };
    windows.iter().map(bits_of).collect()
}

fn rates() -> impl Strategy<Value = f64> {
    prop_oneof![Just(3200.0), Just(2560.7), Just(4410.0), Just(26_667.0 / 7.0), 500.0..5000.0]
}

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(prop_oneof![1_usize..50, 1_usize..3000, 5000_usize..9000], 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_cut_into_blocks_changes_no_window(seed: u64, rate in rates(), lengths in lengths()) {
        let stream = Stream::new(seed, rate, 20_000);
        let cut = windows(&mut Assembler::new(Band::STANDARD), &stream.blocks(&lengths));
        prop_assert!(!cut.is_empty());
        prop_assert_eq!(bits(&cut), bits(&whole(&stream)));
    }

    #[test]
    fn a_restart_between_any_two_blocks_changes_nothing(
        seed: u64, rate in rates(), lengths in lengths(), gap_at in 0_usize..20
    ) {
        let stream = Stream::new(seed, rate, 12_000);
        let mut blocks = stream.blocks(&lengths);
        if blocks.len() > gap_at {
            blocks.remove(gap_at);
        }
        let mut steady = Assembler::new(Band::STANDARD);
        let mut restarted = steady.clone();
        // A restart after each of many tiny blocks would only make the test slow.
        let every = blocks.len().div_ceil(40);
        for (i, block) in blocks.iter().enumerate() {
            if i % every == 0 {
                let text = serde_json::to_string(&restarted).expect("plain data");
                restarted = serde_json::from_str(&text).expect("what was written");
            }
            prop_assert_eq!(restarted.push(block), steady.push(block));
        }
        prop_assert_eq!(&restarted, &steady);
    }

    #[test]
    fn blocks_that_overtake_three_others_and_a_restart_between_any_two_change_nothing(
        seed: u64, rate in rates(), length in 5_usize..3000,
        orders in proptest::collection::vec(Just(vec![0_usize, 1, 2, 3]).prop_shuffle(), 1..4),
        restart: prop::sample::Index,
    ) {
        let stream = Stream::new(seed, rate, length * (1 + 4 * orders.len()));
        let blocks = stream.blocks(&[length]);
        let shuffled = orders.iter().enumerate().flat_map(|(group, order)| {
            order.iter().map(move |place| 1 + 4 * group + place)
        });
        let order: Vec<usize> = std::iter::once(0).chain(shuffled).collect();
        let (mut assembler, mut reorder) = (Assembler::new(Band::STANDARD), Reorder::default());
        let mut windows = Vec::new();
        for (turn, index) in order.iter().enumerate() {
            if turn == restart.index(order.len()) {
                let text = serde_json::to_string(&(&assembler, &reorder)).unwrap();
                (assembler, reorder) = serde_json::from_str(&text).unwrap();
            }
            let taken = reorder.push(&mut assembler, &blocks[*index]);
            windows.extend(taken.into_iter().flat_map(|taken| taken.windows));
        }
        prop_assert_eq!(bits(&windows), bits(&whole(&stream)));
    }

    #[test]
    fn blocks_that_come_twice_change_nothing(
        seed: u64, lengths in lengths(), twice in 0_usize..60
    ) {
        let stream = Stream::new(seed, 3200.0, 12_000);
        let mut blocks = stream.blocks(&lengths);
        let twice = twice % blocks.len();
        let again = blocks[twice].clone();
        let after = (twice + 3).min(blocks.len());
        blocks.insert(after, again);
        let mut assembler = Assembler::new(Band::STANDARD);
        let placements: Vec<Placement> =
            blocks.iter().map(|block| assembler.push(block).placement).collect();
        prop_assert_eq!(&placements[after], &Placement::Duplicate);
        let with = windows(&mut Assembler::new(Band::STANDARD), &blocks);
        prop_assert_eq!(bits(&with), bits(&whole(&stream)));
    }

    #[test]
    fn no_window_spans_a_gap_and_every_sample_is_accounted_for(
        seed: u64, before in 1_usize..9000, lost in 3_usize..5000, after in 1_usize..9000
    ) {
        let stream = Stream::new(seed, 3200.0, before + lost + after);
        let mut assembler = Assembler::new(Band::STANDARD);
        let mut all = assembler.push(&stream.block(0, before)).windows;
        let taken = assembler.push(&stream.block(before + lost, after));
        let first = taken.ended.expect("the gap ended it");
        all.extend(taken.windows);
        let (last, remainder) = assembler.close().expect("a segment is open");
        prop_assert!(remainder.is_none());
        for (ended, samples) in [(&first, before), (&last, after)] {
            let length = window_samples(3200.0, 1) as u64;
            let covered =
                if ended.windows == 0 { 0 } else { length + (ended.windows - 1) * length / 2 };
            prop_assert_eq!(covered + ended.dropped_samples, samples as u64);
            prop_assert_eq!(ended.not_assessable.is_some(), ended.windows == 0);
        }
        prop_assert_eq!(all.len() as u64, first.windows + last.windows);
        let gap = first.ended_at..stream.block(before + lost, 1).started_at;
        for window in &all {
            prop_assert!(window.ended_at() <= gap.start || window.started_at >= gap.end);
        }
    }
}
