//! Frequencies at which healthy machines modulate too: those of the shaft and of the supply.

/// A tone reaches so many lines to either side under a Hann window.
const REACH_LINES: f64 = 1.75;

/// Where a lone tone lies is known better than that: farther away than so many lines it is another one.
const APART_LINES: f64 = 0.8;

/// Multiples of a few frequencies, each as wide as a tone is in the spectrum.
#[derive(Clone, Debug)]
pub(super) struct Masks {
    bases_hz: Vec<f64>,
    resolution_hz: f64,
}

impl Masks {
    /// All multiples of the speed of the shaft and of the line frequency.
    pub(super) fn of_machine(shaft_hz: f64, line_frequency_hz: f64, resolution_hz: f64) -> Self {
        let bases_hz = vec![shaft_hz, line_frequency_hz];
        Self { bases_hz, resolution_hz }
    }

    /// No frequency at all.
    pub(super) fn none() -> Self {
        Self { bases_hz: Vec::new(), resolution_hz: 0.0 }
    }

    /// Whether something else explains a line at this frequency.
    pub(super) fn covers(&self, hz: f64) -> bool {
        self.is_nearer(hz, REACH_LINES)
    }

    /// Whether a tone, whose place between the lines is known, is none of them. Alone that proves little: speeds are known to some
    /// parts in a thousand.
    pub(super) fn leaves(&self, tone_hz: f64) -> bool {
        !self.is_nearer(tone_hz, APART_LINES)
    }

    fn is_nearer(&self, hz: f64, lines: f64) -> bool {
        self.bases_hz.iter().any(|base| {
            let nearest = (hz / base).round().max(1.0) * base;
            (hz - nearest).abs() <= lines * self.resolution_hz
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_covered_and_what_lies_between_is_not() {
        let masks = Masks::of_machine(29.95, 60.0, 1.0);
        for covered in [29.0, 31.0, 60.0, 89.85, 120.0, 180.5, 299.5] {
            assert!(masks.covers(covered), "{covered}");
        }
        assert!(masks.leaves(91.4) && masks.covers(91.0), "BPFO of a 6203 beside three turns");
        assert!(!masks.leaves(90.4));
        for free in [12.0, 34.0, 107.4, 162.2, 141.2] {
            assert!(!masks.covers(free), "{free}");
        }
    }
}
