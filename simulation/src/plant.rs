//! A simulated motor: noise, shaft, supply, and one fault by one of several models.

use std::f64::consts::TAU;

use crate::random::Random;
use crate::sounds::{Shocks, add_tones, swelling};

/// How high shocks are, as multiples of the noise.
const SHOCKS: (f64, f64) = (10.0, 100.0);

/// How a bearing fault makes itself heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// Each impact rings a resonance; the time between impacts varies on its own.
    Impacts { resonance_hz: f64, damping: f64, jitter: f64 },
    /// The same, but the variations add up, as those of elements that creep.
    Creep { resonance_hz: f64, damping: f64, jitter: f64 },
    /// Worn surfaces: noise that is louder whenever an element passes.
    Hiss { depth: f64 },
}

/// A fault of a bearing.
#[derive(Clone, Copy, Debug)]
pub struct Flaw {
    /// How often per second.
    pub hz: f64,
    /// With which it comes and goes, when the flaw turns through the load.
    pub load_hz: Option<f64>,
    /// The height of an impact over the deviation of the noise.
    pub height: f64,
    /// How it makes itself heard.
    pub model: Model,
}

/// All that is heard of a motor.
#[derive(Clone, Debug)]
pub struct Plant {
    /// Samples per second.
    pub rate_hz: f64,
    /// How long it is listened to.
    pub seconds: f64,
    /// The deviation of the noise in m/s².
    pub noise: f64,
    /// How much of a sample of noise is that of the one before: 0 is white.
    pub colour: f64,
    /// Tones in m/s² and Hz.
    pub tones: Vec<(f64, f64)>,
    /// The noise swells with these frequencies in Hz, by these shares.
    pub swells: Vec<(f64, f64)>,
    /// So many shocks per second, at no particular time, of ten to a hundred deviations.
    pub shocks_hz: f64,
    /// What is wrong with its bearing.
    pub flaw: Option<Flaw>,
}

impl Plant {
    /// White noise of 1 m/s², and nothing else.
    pub fn quiet(rate_hz: f64, seconds: f64) -> Self {
        Self {
            rate_hz,
            seconds,
            noise: 1.0,
            colour: 0.0,
            tones: vec![],
            swells: vec![],
            shocks_hz: 0.0,
            flaw: None,
        }
    }

    /// The recording, in m/s².
    pub fn samples(&self, seed: u64) -> Vec<f32> {
        let mut random = Random::of(seed);
        let count = (self.rate_hz * self.seconds).round() as usize;
        let mut samples = self.noise(count, &mut random);
        add_tones(&self.tones, self.rate_hz, &mut samples, &mut random);
        let shocks = Shocks { hz: self.shocks_hz, unit: self.noise, heights: SHOCKS };
        shocks.add(self.rate_hz, &mut samples, &mut random);
        if let Some(flaw) = &self.flaw {
            self.add_flaw(flaw, &mut samples, &mut random);
        }
        samples.into_iter().map(|sample| sample as f32).collect()
    }

    fn noise(&self, count: usize, random: &mut Random) -> Vec<f64> {
        let fresh = (1.0 - self.colour * self.colour).sqrt();
        let mut last = 0.0;
        let swelling = swelling(&self.swells, self.rate_hz, random);
        let mut sample = |i: usize| {
            last = self.colour * last + fresh * random.normal();
            self.noise * last * swelling(i)
        };
        (0..count).map(&mut sample).collect()
    }

    fn add_flaw(&self, flaw: &Flaw, samples: &mut [f64], random: &mut Random) {
        let phase = TAU * random.uniform();
        let load = |seconds: f64| {
            flaw.load_hz.map_or(1.0, |hz| (0.5 + 0.5 * (TAU * hz * seconds + phase).cos()).powi(2))
        };
        let height = flaw.height * self.noise;
        match flaw.model {
            Model::Hiss { depth } => {
                for (i, sample) in samples.iter_mut().enumerate() {
                    let seconds = i as f64 / self.rate_hz;
                    let swell =
                        1.0 + depth * load(seconds) * (TAU * flaw.hz * seconds + phase).cos();
                    *sample += 0.25 * height * swell * random.normal();
                }
            }
            Model::Impacts { resonance_hz, damping, jitter } => {
                let period_s = 1.0 / flaw.hz;
                let start_s = random.uniform() * period_s;
                for impact in 0..(self.seconds * flaw.hz) as usize {
                    let at_s = start_s + period_s * (impact as f64 + jitter * random.normal());
                    self.ring(samples, at_s, height * load(at_s), resonance_hz, damping);
                }
            }
            Model::Creep { resonance_hz, damping, jitter } => {
                let period_s = 1.0 / flaw.hz;
                let mut at_s = random.uniform() * period_s;
                while at_s < self.seconds {
                    self.ring(samples, at_s, height * load(at_s), resonance_hz, damping);
                    at_s += period_s * (1.0 + jitter * random.normal());
                }
            }
        }
    }

    fn ring(&self, samples: &mut [f64], at_s: f64, height: f64, resonance_hz: f64, damping: f64) {
        let turn = TAU * resonance_hz;
        let first = (at_s * self.rate_hz).ceil().max(0.0) as usize;
        let reach = (8.0 / (damping * turn) * self.rate_hz) as usize;
        for (i, sample) in samples.iter_mut().enumerate().skip(first).take(reach) {
            let since_s = i as f64 / self.rate_hz - at_s;
            *sample += height * (-damping * turn * since_s).exp() * (turn * since_s).sin();
        }
    }
}
