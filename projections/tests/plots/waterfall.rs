//! Waterfalls: spectra one behind the other.

use projections::plot::{Size, TRACES_MAX, Theme, Trace, WaterfallPlot, waterfall};

use super::{LINE_COLOUR, PLOT_BYTES_MAX, assert_well_formed, at, changed, noise};

/// A line that grows from spectrum to spectrum, beside one that stays.
fn growing(traces: usize) -> WaterfallPlot {
    let peak = |hz: f64, centre: f64, height: f64| height / (1.0 + ((hz - centre) / 2.0).powi(2));
    let trace = |i: usize| {
        let share = i as f64 / traces as f64;
        let line = |line: usize| {
            let hz = line as f64 / 2.0;
            let noise = (noise(line * 31 + i) + 0.5) * 0.1;
            peak(hz, 24.7, 2.0) + peak(hz, 311.0, 3.0 * share) + noise
        };
        Trace {
            at: at(600.0 * i as f64),
            resolution_hz: 0.5,
            amplitude: (0..2_000).map(line).collect(),
        }
    };
    WaterfallPlot {
        title: "P-101".to_owned(),
        subtitle: "DE, radial horizontal".to_owned(),
        quantity: "Amplitude".to_owned(),
        unit: "m/s2".to_owned(),
        traces: (0..traces).map(trace).collect(),
        ..WaterfallPlot::default()
    }
}

#[test]
fn a_waterfall_looks_as_it_did() {
    let plot = growing(12);
    insta::assert_binary_snapshot!("waterfall_light.svg", waterfall(&plot).into_bytes());
    let plot = changed(plot, |plot| {
        plot.theme = Theme::Dark;
        plot.frequency_hz_max = Some(400.0);
    });
    insta::assert_binary_snapshot!("waterfall_dark.svg", waterfall(&plot).into_bytes());
}

#[test]
fn of_many_spectra_the_first_and_the_last_are_shown_and_the_plot_stays_small() {
    let many = growing(256);
    let svg = waterfall(&many);
    let is_trace = |line: &&str| line.contains("<polyline") && line.contains(LINE_COLOUR);
    assert_eq!(svg.lines().filter(is_trace).count(), TRACES_MAX);
    assert!(svg.len() < 2 * PLOT_BYTES_MAX, "{}", svg.len());
    let bare = |traces: Vec<Trace>| waterfall(&WaterfallPlot { traces, ..growing(0) });
    let without_last = bare(many.traces[..255].to_vec());
    let without_first = bare(many.traces[1..].to_vec());
    assert!(svg != without_last && svg != without_first);
}

#[test]
fn a_waterfall_of_nothing_says_so_and_no_input_breaks_one() {
    assert!(waterfall(&WaterfallPlot::default()).contains("no data yet"));
    for strange in [f64::NAN, f64::INFINITY, -1.0, 0.0, f64::MAX, 1e-300] {
        let trace = |amplitude| Trace { at: at(0.0), resolution_hz: strange, amplitude };
        let plot = WaterfallPlot {
            traces: vec![trace(vec![1.0, strange]), trace(vec![]), growing(1).traces.remove(0)],
            frequency_hz_max: Some(strange),
            size: Size::new(0, u32::MAX),
            ..growing(3)
        };
        assert_well_formed(&waterfall(&plot));
        assert_well_formed(&waterfall(&WaterfallPlot { frequency_hz_max: None, ..plot }));
    }
}
