//! Waveforms, and the rhythm in which they ring.

use projections::plot::{
    FrequencyMark, SpectrumPlot, Theme, WaveformColumn, WaveformPlot, spectrum, waveform,
};

use super::{assert_well_formed, noise};

/// A tone with an impact in it.
fn knock() -> WaveformPlot {
    let column = |i: u32| {
        let at_s = (f64::from(i) + 0.5) / 256.0;
        let knock = if i % 64 == 40 { 4.0 } else { 1.0 };
        let reach = knock * (1.0 + noise(i as usize) * 0.2);
        WaveformColumn { at_s, low: -reach, high: reach }
    };
    WaveformPlot {
        title: "P-101".to_owned(),
        subtitle: "DE, radial horizontal".to_owned(),
        quantity: "Acceleration".to_owned(),
        unit: "m/s2".to_owned(),
        duration_s: 1.0,
        columns: (0..256).map(column).collect(),
        ..WaveformPlot::default()
    }
}

#[test]
fn a_waveform_looks_as_it_did_and_one_of_nothing_says_so() {
    insta::assert_binary_snapshot!("waveform_light.svg", waveform(&knock()).into_bytes());
    let dark = WaveformPlot { theme: Theme::Dark, ..knock() };
    insta::assert_binary_snapshot!("waveform_dark.svg", waveform(&dark).into_bytes());
    assert!(waveform(&WaveformPlot::default()).contains("no data yet"));
    for strange in [f64::NAN, f64::INFINITY, f64::MAX, -1.0, 0.0] {
        let odd = WaveformColumn { at_s: strange, low: strange, high: 1.0 };
        let columns = vec![odd, WaveformColumn { at_s: 0.5, low: strange, high: strange }];
        assert_well_formed(&waveform(&WaveformPlot { duration_s: strange, columns, ..knock() }));
    }
}

/// The envelope of an outer race that knocks 3.58 times in each turn of the shaft.
fn ringing_bearing() -> SpectrumPlot {
    let (shaft_hz, outer_hz) = (24.7, 88.5);
    let peak = |hz: f64, centre: f64, height: f64| height / (1.0 + ((hz - centre) / 0.7).powi(2));
    let frequency_hz: Vec<f64> = (0..700).map(|line| f64::from(line) / 2.0).collect();
    let lines = frequency_hz.iter().enumerate().map(|(i, &hz)| {
        let harmonics = (1..=3).map(|n| peak(hz, outer_hz * f64::from(n), 0.8 / f64::from(n)));
        harmonics.sum::<f64>() + peak(hz, shaft_hz, 0.2) + 0.05 + noise(i) * 0.05
    });
    let mark = |n: u32| FrequencyMark {
        frequency_hz: outer_hz * f64::from(n),
        label: if n == 1 { "BPFO".to_owned() } else { format!("{n}×BPFO") },
    };
    SpectrumPlot {
        title: "P-101".to_owned(),
        subtitle: "DE, radial horizontal; squared envelope of 1600 to 3200 Hz".to_owned(),
        quantity: "Squared envelope, peak".to_owned(),
        unit: "(m/s2)2".to_owned(),
        amplitude: lines.collect(),
        frequency_hz,
        speed_rpm: Some(1_482.0),
        marks: (1..=3).map(mark).collect(),
        ..SpectrumPlot::default()
    }
}

#[test]
fn an_envelope_looks_as_it_did() {
    let svg = spectrum(&ringing_bearing());
    assert!(svg.contains("BPFO") && svg.contains("peak (m²/s⁴)"), "{svg}");
    insta::assert_binary_snapshot!("envelope_light.svg", svg.into_bytes());
    let dark = SpectrumPlot { theme: Theme::Dark, ..ringing_bearing() };
    insta::assert_binary_snapshot!("envelope_dark.svg", spectrum(&dark).into_bytes());
}
