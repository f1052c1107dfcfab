//! A recording as test rigs make it: a structure with several resonances, and everything that shakes it heard through them.

use std::f64::consts::TAU;

use crate::random::Random;
use crate::sounds::{Shocks, add_tones, swelling};

/// How high shocks are, as multiples of the noise.
const SHOCKS: (f64, f64) = (3.0, 30.0);

/// A resonance of the structure, as a sensor on it hears it.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Where it rings.
    pub hz: f64,
    /// The share of critical damping.
    pub damping: f64,
    /// How loud it is beside the others.
    pub gain: f64,
}

/// A flaw that knocks.
#[derive(Clone, Copy, Debug)]
pub struct Knock {
    /// How often per second, on the average.
    pub hz: f64,
    /// With which it comes and goes, when the flaw turns through the load.
    pub load_hz: Option<f64>,
    /// The height of a blow over the deviation of what else shakes the structure in one sample.
    pub height: f64,
    /// By which share of its mean a blow is stronger or weaker than others.
    pub spread: f64,
    /// By which share of its mean an interval is longer or shorter; it adds up, as elements slip.
    pub slip: f64,
    /// Every other blow is so much weaker: of an element that strikes both races.
    pub alternation: f64,
}

/// A pair of gears: tones at the multiples of the mesh, which swell with its shaft.
#[derive(Clone, Copy, Debug)]
pub struct Mesh {
    /// How often teeth meet in a second.
    pub hz: f64,
    /// The shaft that they swell with.
    pub shaft_hz: f64,
    /// Of the first tone, in m/s².
    pub amplitude: f64,
    /// By this share.
    pub swell: f64,
}

/// All that is heard on a rig.
#[derive(Clone, Debug)]
pub struct Rig {
    /// Samples per second.
    pub rate_hz: f64,
    /// How long it is listened to.
    pub seconds: f64,
    /// The structure.
    pub modes: Vec<Mode>,
    /// How much of the noise does not come through the structure: of the sensor, and of its wires.
    pub hiss: f64,
    /// Tones in m/s² and Hz: shaft, supply, converter.
    pub tones: Vec<(f64, f64)>,
    /// Gears, of which one may be on another shaft.
    pub meshes: Vec<Mesh>,
    /// What shakes the structure swells with these frequencies in Hz, by these shares.
    pub swells: Vec<(f64, f64)>,
    /// Shocks per second at no particular time, of three to thirty times the deviation of the noise.
    pub shocks_hz: f64,
    /// What is wrong with its bearing.
    pub knock: Option<Knock>,
}

impl Rig {
    /// The recording in m/s², of noise of about 1 m/s².
    pub fn samples(&self, seed: u64) -> Vec<f32> {
        let mut random = Random::of(seed);
        let count = (self.rate_hz * self.seconds).round() as usize;
        let mut force = self.force(count, &mut random);
        let shocks = Shocks { hz: self.shocks_hz, unit: 1.0, heights: SHOCKS };
        shocks.add(self.rate_hz, &mut force, &mut random);
        if let Some(knock) = &self.knock {
            self.knock(knock, &mut force, &mut random);
        }
        let mut heard = vec![0.0; count];
        for mode in &self.modes {
            self.ring(mode, &force, &mut heard);
        }
        self.sound(&mut heard, &mut random);
        heard.into_iter().map(|sample| (sample + self.hiss * random.normal()) as f32).collect()
    }

    /// What shakes the structure all the time.
    fn force(&self, count: usize, random: &mut Random) -> Vec<f64> {
        let swelling = swelling(&self.swells, self.rate_hz, random);
        (0..count).map(|i| random.normal() * swelling(i)).collect()
    }

    fn knock(&self, knock: &Knock, force: &mut [f64], random: &mut Random) {
        let phase = TAU * random.uniform();
        let mut at_s = random.uniform() / knock.hz;
        let mut is_other = false;
        while at_s < self.seconds {
            let load = knock.load_hz.map_or(1.0, |hz| (TAU * hz * at_s + phase).cos().max(0.0));
            let share = if is_other { 1.0 - knock.alternation } else { 1.0 };
            let blow = knock.height * share * load * (1.0 + knock.spread * random.normal());
            let place = at_s * self.rate_hz;
            let (first, late) = (place as usize, place.fract());
            // A blow between two samples falls on both.
            for (at, part) in [(first, 1.0 - late), (first + 1, late)] {
                if let Some(sample) = force.get_mut(at) {
                    *sample += part * blow;
                }
            }
            at_s += (1.0 + knock.slip * random.normal()) / knock.hz;
            is_other = !is_other;
        }
    }

    /// Adds what a resonance makes of a force: `y(i) = 2r·cos ω·y(i−1) − r²·y(i−2) + g·x(i)`, whose noise is about as loud
    /// for any damping.
    fn ring(&self, mode: &Mode, force: &[f64], heard: &mut [f64]) {
        let turn = TAU * mode.hz / self.rate_hz;
        let radius = (-mode.damping * turn).exp();
        let (one, two) = (2.0 * radius * turn.cos(), radius * radius);
        let gain = mode.gain * turn.sin().abs() * (2.0 * (1.0 - two)).sqrt();
        let (mut last, mut before) = (0.0, 0.0);
        for (sample, force) in heard.iter_mut().zip(force) {
            let now = one * last - two * before + gain * force;
            (last, before) = (now, last);
            *sample += now;
        }
    }

    /// Tones, which are heard as they are.
    fn sound(&self, heard: &mut [f64], random: &mut Random) {
        add_tones(&self.tones, self.rate_hz, heard, random);
        for mesh in &self.meshes {
            let phases = [0, 1, 2].map(|_| TAU * random.uniform());
            for (i, sample) in heard.iter_mut().enumerate() {
                let at_s = i as f64 / self.rate_hz;
                let swell = 1.0 + mesh.swell * (TAU * mesh.shaft_hz * at_s + phases[0]).cos();
                let tone =
                    |multiple: f64, phase: f64| (TAU * multiple * mesh.hz * at_s + phase).sin();
                let both = tone(1.0, phases[1]) + 0.5 * tone(2.0, phases[2]);
                *sample += mesh.amplitude * swell * both;
            }
        }
    }
}
