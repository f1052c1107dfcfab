//! What the accelerometers on the motors of the demo hear.

use simulation::machine::{Impacts, Machine, Tone};

use super::fleet::{Fault, Member};

/// Of the simulated accelerometers.
pub(super) const SAMPLE_RATE_HZ: f64 = 6_400.0;
/// In one block: 2.56 s.
pub(super) const BLOCK_SAMPLES: usize = 16_384;
/// By sensor and axis, and how much of the vibration arrives there.
pub(super) const POINTS: [(&str, &str, f64); 2] =
    [("DE", "radial_h", 1.0), ("NDE", "radial_v", 0.7)];

/// Each impact of a spalled race rings at this frequency, and dies away with this damping.
const RESONANCE_HZ: f64 = 2_100.0;
const RESONANCE_DECAY_PER_S: f64 = 700.0;
/// Outer-race passages per turn of the shaft, of a common deep-groove bearing.
const OUTER_RACE_ORDER: f64 = 3.585;
/// From sound to ruined.
const RUIN_S: f64 = 300.0;
/// Of the noise.
const NOISE_M_S2: f64 = 0.23;

/// What a motor is like. `age_s`: since the demo began; `share`: how much of it arrives.
pub(super) fn machine(member: &Member, age_s: f64, share: f64) -> Machine {
    let wear = (age_s / RUIN_S).min(1.0);
    let (first, second, height) = match member.fault {
        Fault::Healthy => (0.6, 0.15, 0.0),
        Fault::Unbalanced { velocity_rms_mm_s } => (velocity_rms_mm_s, 0.2, 0.0),
        Fault::Misaligned { velocity_rms_mm_s } => (0.7, velocity_rms_mm_s, 0.0),
        Fault::BearingGoingBad => (0.9 + 9.0 * wear, 0.4 + 2.0 * wear, 4.0 + 60.0 * wear),
    };
    let tone = |order, velocity| Tone { order, velocity_rms_mm_s: velocity * share };
    let impacts = Impacts {
        order: OUTER_RACE_ORDER,
        load_order: None,
        height_m_s2: height * share,
        resonance_hz: RESONANCE_HZ,
        decay_per_s: RESONANCE_DECAY_PER_S,
        jitter: 0.0,
    };
    Machine {
        sample_rate_hz: SAMPLE_RATE_HZ,
        speed_rpm: member.rated_speed_rpm,
        run_up_s: 0.0,
        noise_m_s2: NOISE_M_S2 * share,
        tones: vec![tone(1.0, first), tone(2.0, second)],
        impacts: (height > 0.0).then_some(impacts),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fleet::FLEET;
    use super::*;

    #[test]
    fn a_bearing_that_goes_bad_gets_louder() {
        let level = |age_s| {
            let samples = machine(&FLEET[4], age_s, 1.0).samples(0, BLOCK_SAMPLES, 1);
            samples.iter().map(|sample| sample * sample).sum::<f32>()
        };
        assert!(level(300.0) > 10.0 * level(0.0));
    }
}
