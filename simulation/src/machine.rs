//! A machine that can be listened to at any time, for as long as wanted.

use std::f64::consts::{SQRT_2, TAU};

use crate::random::Random;

/// Something that turns with the shaft, or a multiple of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// Cycles per revolution.
    pub order: f64,
    /// At rated speed.
    pub velocity_rms_mm_s: f64,
}

/// A flaw of a bearing: each passage of an element rings the housing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impacts {
    /// Passages per revolution.
    pub order: f64,
    /// Revolutions of what carries the flaw through the load, per revolution: 1 on the inner race.
    pub load_order: Option<f64>,
    /// The height of an impact.
    pub height_m_s2: f64,
    /// At which the housing rings.
    pub resonance_hz: f64,
    /// How fast that dies away.
    pub decay_per_s: f64,
    /// By how much of the time between two of them each one is late, at most.
    pub jitter: f64,
}

/// What is heard of a machine. Each sample follows from its number alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Samples per second.
    pub sample_rate_hz: f64,
    /// Of the shaft, once it has run up.
    pub speed_rpm: f64,
    /// So long it takes from standstill, at an even acceleration; 0: it runs from the beginning.
    pub run_up_s: f64,
    /// The deviation of the noise.
    pub noise_m_s2: f64,
    /// What turns.
    pub tones: Vec<Tone>,
    /// What knocks.
    pub impacts: Option<Impacts>,
}

impl Machine {
    /// Samples in m/s², from number `first` on. Another `seed` is another noise, and other phases.
    pub fn samples(&self, first: u64, count: usize, seed: u64) -> Vec<f32> {
        let mut phases = Random::of(seed);
        let tones: Vec<_> = self.tones.iter().map(|tone| (*tone, phases.uniform())).collect();
        let sample = |number: u64| {
            let at_s = number as f64 / self.sample_rate_hz;
            let turns = self.turns(at_s);
            let hz = self.shaft_hz(at_s);
            let turning = tones.iter().map(|(tone, phase)| self.tone(tone, *phase, turns, hz));
            let knocking = self.impacts.map_or(0.0, |impacts| knock(&impacts, turns, hz, seed));
            // A random number for this sample only, so that it does not matter who asked before.
            let noise = Random::of(seed.wrapping_mul(0x9e37_79b9).wrapping_add(number)).normal();
            (turning.sum::<f64>() + knocking + self.noise_m_s2 * noise) as f32
        };
        (first..first + count as u64).map(sample).collect()
    }

    /// The speed of the shaft at a time.
    pub fn speed_rpm_at(&self, at_s: f64) -> f64 {
        self.shaft_hz(at_s) * 60.0
    }

    fn shaft_hz(&self, at_s: f64) -> f64 {
        let share = if at_s < self.run_up_s { at_s / self.run_up_s } else { 1.0 };
        self.speed_rpm / 60.0 * share
    }

    /// How often the shaft has turned until then.
    fn turns(&self, at_s: f64) -> f64 {
        let rated_hz = self.speed_rpm / 60.0;
        if at_s < self.run_up_s {
            return rated_hz * at_s * at_s / (2.0 * self.run_up_s);
        }
        rated_hz * (at_s - self.run_up_s / 2.0)
    }

    /// The force of what is out of balance grows with the square of the speed, and so does its acceleration.
    fn tone(&self, tone: &Tone, phase: f64, turns: f64, shaft_hz: f64) -> f64 {
        let rated_hz = self.speed_rpm / 60.0;
        let rated = tone.velocity_rms_mm_s / 1e3 * SQRT_2 * TAU * tone.order * rated_hz;
        let share = shaft_hz / rated_hz;
        rated * share * share * (TAU * (tone.order * turns + phase)).sin()
    }
}

fn knock(impacts: &Impacts, turns: f64, shaft_hz: f64, seed: u64) -> f64 {
    let passages = impacts.order * turns;
    let number = passages.floor();
    let hz = impacts.order * shaft_hz;
    if hz <= 0.0 {
        return 0.0;
    }
    let late = impacts.jitter * Random::of(seed ^ (number as u64)).uniform();
    let since_s = (passages - number - late) / hz;
    if since_s < 0.0 {
        return 0.0;
    }
    let load =
        impacts.load_order.map_or(1.0, |order| (0.5 + 0.5 * (TAU * order * turns).cos()).powi(2));
    let ringing = (TAU * impacts.resonance_hz * since_s).sin();
    impacts.height_m_s2 * load * (-impacts.decay_per_s * since_s).exp() * ringing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            sample_rate_hz: 6_400.0,
            speed_rpm: 1_482.0,
            run_up_s: 0.0,
            noise_m_s2: 0.2,
            tones: vec![Tone { order: 1.0, velocity_rms_mm_s: 3.4 }],
            impacts: None,
        }
    }

    fn amplitude(samples: &[f32], hz: f64, sample_rate_hz: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let angle = TAU * hz * n as f64 / sample_rate_hz;
            re += f64::from(*sample) * angle.cos();
            im += f64::from(*sample) * angle.sin();
        }
        2.0 * re.hypot(im) / samples.len() as f64
    }

    #[test]
    fn the_velocity_is_the_one_that_was_asked_for() {
        let samples = machine().samples(0, 64_000, 1);
        let hz = 1_482.0 / 60.0;
        let velocity_rms_mm_s = amplitude(&samples, hz, 6_400.0) / SQRT_2 / (TAU * hz) * 1e3;
        assert!((velocity_rms_mm_s - 3.4).abs() < 0.05, "{velocity_rms_mm_s}");
    }

    #[test]
    fn it_does_not_matter_how_it_is_cut() {
        let whole = machine().samples(0, 1_000, 7);
        let pieces = [machine().samples(0, 300, 7), machine().samples(300, 700, 7)].concat();
        assert_eq!(whole, pieces);
        assert_ne!(whole, machine().samples(0, 1_000, 8));
    }

    #[test]
    fn it_runs_up_from_standstill_without_a_jump() {
        let machine = Machine { run_up_s: 10.0, ..machine() };
        assert_eq!(machine.speed_rpm_at(0.0), 0.0);
        assert_eq!(machine.speed_rpm_at(5.0), 741.0);
        assert_eq!(machine.speed_rpm_at(60.0), 1_482.0);
        assert!((machine.turns(10.0 - 1e-9) - machine.turns(10.0)).abs() < 1e-6);
    }

    #[test]
    fn a_flaw_knocks_once_in_each_passage() {
        let order = 3.585;
        let impacts = Impacts {
            order,
            load_order: None,
            height_m_s2: 10.0,
            resonance_hz: 2_100.0,
            decay_per_s: 700.0,
            jitter: 0.01,
        };
        let loud = Machine { noise_m_s2: 0.0, tones: vec![], impacts: Some(impacts), ..machine() };
        let samples = loud.samples(0, 64_000, 3);
        let knocks = samples.chunks(16).map(|few| few.iter().any(|it| it.abs() > 5.0));
        let knocks: Vec<bool> = knocks.collect();
        let begun = knocks.windows(2).filter(|pair| !pair[0] && pair[1]).count() as f64;
        let expected = order * 1_482.0 / 60.0 * 10.0;
        assert!((begun - expected).abs() < 3.0, "{begun} and not {expected}");
    }
}
