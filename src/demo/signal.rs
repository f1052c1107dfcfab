//! What an accelerometer on a simulated motor measures.

use std::f64::consts::{SQRT_2, TAU};

use super::fleet::{Fault, Member};

/// Of the simulated accelerometers.
pub(super) const SAMPLE_RATE_HZ: f64 = 6_400.0;
/// In one block: 2.56 s.
pub(super) const BLOCK_SAMPLES: usize = 16_384;

/// Each impact of a spalled race rings at this frequency, and dies away with this damping.
const RESONANCE_HZ: f64 = 2_100.0;
const RESONANCE_DECAY_PER_S: f64 = 700.0;
/// Outer-race passages per turn of the shaft, of a common deep-groove bearing.
const OUTER_RACE_ORDER: f64 = 3.585;
/// From sound to ruined.
const RUIN_S: f64 = 300.0;

/// Samples of one measuring point, in m/s².
pub(super) struct Block {
    pub(super) sensor: &'static str,
    pub(super) axis: &'static str,
    pub(super) samples: Vec<f32>,
}

/// What both measuring points of a motor see. `age_s`: since the demo began; `seed` makes the noise repeatable.
pub(super) fn blocks(member: &Member, age_s: f64, seed: u64) -> [Block; 2] {
    [("DE", "radial_h", 1.0), ("NDE", "radial_v", 0.7)].map(|(sensor, axis, share)| {
        let noise = Noise(seed.wrapping_mul(2).wrapping_add(u64::from(sensor == "DE")));
        Block { sensor, axis, samples: samples(member, age_s, share, noise) }
    })
}

fn samples(member: &Member, age_s: f64, share: f64, mut noise: Noise) -> Vec<f32> {
    let shaft_hz = member.shaft_hz();
    let wear = (age_s / RUIN_S).min(1.0);
    let (first, second, impact) = match member.fault {
        Fault::Healthy => (0.6, 0.15, 0.0),
        Fault::Unbalanced { velocity_rms_mm_s } => (velocity_rms_mm_s, 0.2, 0.0),
        Fault::Misaligned { velocity_rms_mm_s } => (0.7, velocity_rms_mm_s, 0.0),
        Fault::BearingGoingBad => (0.9 + 9.0 * wear, 0.4 + 2.0 * wear, 4.0 + 60.0 * wear),
    };
    let phase = noise.next() * TAU;
    let impact_interval_s = 1.0 / (OUTER_RACE_ORDER * shaft_hz);
    (0..BLOCK_SAMPLES)
        .map(|n| {
            let t = n as f64 / SAMPLE_RATE_HZ;
            let turning = tone(first, shaft_hz, t, phase) + tone(second, 2.0 * shaft_hz, t, phase);
            let since_impact_s = t % impact_interval_s;
            let ringing = impact
                * (-RESONANCE_DECAY_PER_S * since_impact_s).exp()
                * (TAU * RESONANCE_HZ * since_impact_s).sin();
            ((turning + ringing + 0.4 * noise.next()) * share) as f32
        })
        .collect()
}

/// The acceleration in m/s² of a vibration of this velocity in mm/s RMS.
fn tone(velocity_rms_mm_s: f64, frequency_hz: f64, t_s: f64, phase: f64) -> f64 {
    let amplitude = velocity_rms_mm_s / 1000.0 * SQRT_2 * TAU * frequency_hz;
    amplitude * (TAU * frequency_hz * t_s + phase).sin()
}

/// Uniform from -1 to 1, the same for the same seed.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bits = (z ^ (z >> 31)) >> 11;
        bits as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::fleet::FLEET;
    use super::*;

    #[test]
    fn the_simulated_velocity_is_the_one_that_was_asked_for() {
        let unbalanced = &FLEET[1];
        let [block, _] = blocks(unbalanced, 0.0, 1);
        let bin = |hz: f64| {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, sample) in block.samples.iter().enumerate() {
                let angle = TAU * hz * n as f64 / SAMPLE_RATE_HZ;
                re += f64::from(*sample) * angle.cos();
                im += f64::from(*sample) * angle.sin();
            }
            2.0 * re.hypot(im) / BLOCK_SAMPLES as f64
        };
        let hz = unbalanced.shaft_hz();
        let velocity_rms_mm_s = bin(hz) / SQRT_2 / (TAU * hz) * 1000.0;
        assert!((velocity_rms_mm_s - 3.4).abs() < 0.2, "{velocity_rms_mm_s}");
    }

    #[test]
    fn a_bearing_that_goes_bad_gets_louder() {
        let level = |age_s| {
            let [block, _] = blocks(&FLEET[4], age_s, 1);
            block.samples.iter().map(|sample| sample * sample).sum::<f32>()
        };
        assert!(level(300.0) > 10.0 * level(0.0));
    }
}
