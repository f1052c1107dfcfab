//! Plots as their readers get them: pictures that stay as they are, words that stay words, peaks that stay seen.

#[path = "plots/waterfall.rs"]
mod waterfall;
#[path = "plots/waves.rs"]
mod waves;

use domain::time::Timestamp;
use projections::plot::{
    FrequencyMark, Marker, Size, SpectrumPlot, Theme, Tone, TrendPlot, TrendPoint, ZoneBoundaries,
};
use projections::plot::{spectrum, trend};

/// A million points as text would be tens of megabytes.
const PLOT_BYTES_MAX: usize = 200_000;

fn at(seconds: f64) -> Timestamp {
    let start: Timestamp = "2026-01-01T08:00:00Z".parse().expect("a time");
    start.plus_seconds(seconds)
}

fn points(values: impl IntoIterator<Item = f64>) -> Vec<TrendPoint> {
    let numbered = values.into_iter().enumerate();
    numbered.map(|(i, value)| TrendPoint { at: at(i as f64), value }).collect()
}

/// Same on every machine: whole-number arithmetic only.
fn noise(i: usize) -> f64 {
    (i * 7919 % 101) as f64 / 101.0 - 0.5
}

/// A bearing that wears for two hours, with half an hour of silence.
fn wearing_motor() -> TrendPlot {
    let value = |i: usize| 1.0 + (i as f64 / 7_200.0).powi(3) * 3.4 + noise(i) * 0.25;
    let spoken = |point: &TrendPoint| !(at(2_000.0)..at(3_800.0)).contains(&point.at);
    let marker =
        |seconds, label: &str, tone| Marker { at: at(seconds), label: label.to_owned(), tone };
    TrendPlot {
        title: "P-101".to_owned(),
        subtitle: "DE, radial horizontal".to_owned(),
        quantity: "Velocity RMS".to_owned(),
        unit: "mm/s".to_owned(),
        points: points((0..7_200).map(value)).into_iter().filter(spoken).collect(),
        zones: Some(ZoneBoundaries { a_b: 1.4, b_c: 2.8, c_d: 4.5 }),
        alarm_limit: Some(3.5),
        trip_limit: Some(5.6),
        markers: vec![
            marker(3_900.0, "A → B", Tone::Acceptable),
            marker(5_900.0, "B → C", Tone::Warning),
            marker(6_500.0, "alarm", Tone::Critical),
        ],
        ..TrendPlot::default()
    }
}

fn unbalanced_motor() -> SpectrumPlot {
    let peak = |hz: f64, centre: f64, height: f64| height / (1.0 + ((hz - centre) / 0.7).powi(2));
    let frequency_hz: Vec<f64> = (0..2_000).map(|bin| f64::from(bin) / 2.0).collect();
    let amplitude = frequency_hz.iter().enumerate().map(|(i, &hz)| {
        peak(hz, 24.7, 2.9)
            + peak(hz, 49.3, 0.7)
            + peak(hz, 100.0, 0.45)
            + peak(hz, 311.0, 0.2)
            + 0.02
            + noise(i) * 0.02
    });
    SpectrumPlot {
        title: "P-101".to_owned(),
        subtitle: "DE, radial horizontal, 2026-01-01 08:00:00 UTC".to_owned(),
        quantity: "Velocity amplitude".to_owned(),
        unit: "mm/s".to_owned(),
        amplitude: amplitude.collect(),
        frequency_hz,
        speed_rpm: Some(1_480.0),
        line_frequency_hz: Some(50.0),
        marks: vec![FrequencyMark { frequency_hz: 311.0, label: "BPFO 3×".to_owned() }],
        ..SpectrumPlot::default()
    }
}

fn changed<T>(plot: T, set: impl Fn(&mut T)) -> T {
    let mut plot = plot;
    set(&mut plot);
    plot
}

#[test]
fn a_trend_looks_as_it_did() {
    let plot = wearing_motor();
    insta::assert_binary_snapshot!("trend_light.svg", trend(&plot).into_bytes());
    let plot = changed(plot, |plot| plot.theme = Theme::Dark);
    insta::assert_binary_snapshot!("trend_dark.svg", trend(&plot).into_bytes());
    let plot = changed(plot, |plot| plot.size = Size::new(360, 280));
    insta::assert_binary_snapshot!("trend_narrow.svg", trend(&plot).into_bytes());
}

#[test]
fn a_spectrum_looks_as_it_did() {
    let plot = unbalanced_motor();
    insta::assert_binary_snapshot!("spectrum_light.svg", spectrum(&plot).into_bytes());
    let plot = changed(plot, |plot| plot.theme = Theme::Dark);
    insta::assert_binary_snapshot!("spectrum_dark.svg", spectrum(&plot).into_bytes());
    let plot = changed(plot, |plot| plot.frequency_hz_max = Some(200.0));
    insta::assert_binary_snapshot!("spectrum_zoomed.svg", spectrum(&plot).into_bytes());
}

#[test]
fn an_empty_plot_says_so_and_still_shows_its_zones() {
    let empty = TrendPlot { points: Vec::new(), markers: Vec::new(), ..wearing_motor() };
    let svg = trend(&empty);
    insta::assert_binary_snapshot!("trend_empty.svg", svg.clone().into_bytes());
    assert!(svg.contains("no data yet"), "{svg}");
    assert!(spectrum(&SpectrumPlot::default()).contains("no data yet"));
}

/// The height of the highest place that any line of the plot reaches, in its own units; y grows downwards.
fn highest_place(svg: &str, colour: &str) -> i64 {
    let lines = svg.lines().filter(|line| line.contains("<polyline") && line.contains(colour));
    let places = lines.flat_map(|line| {
        line.split("points=\"").nth(1).expect("points").trim_end_matches("\"/>").split(' ')
    });
    let heights = places.filter_map(|place| place.split_once(',')?.1.parse().ok());
    heights.min().expect("a line")
}

const LINE_COLOUR: &str = "#164078";

#[test]
fn one_peak_in_a_million_points_is_seen_and_the_plot_stays_small() {
    let mut plot = TrendPlot { markers: Vec::new(), ..wearing_motor() };
    plot.points = points((0..1_000_000).map(|i| 1.0 + noise(i)));
    plot.alarm_limit = Some(9.0);
    plot.points[10].value = 8.0;
    let near_start = trend(&plot);
    plot.points[10].value = 1.0;
    plot.points[765_432].value = 8.0;
    let far_on = trend(&plot);
    assert_eq!(highest_place(&far_on, LINE_COLOUR), highest_place(&near_start, LINE_COLOUR));
    plot.points[765_432].value = 4.0;
    assert!(highest_place(&trend(&plot), LINE_COLOUR) > highest_place(&far_on, LINE_COLOUR));
    assert!(far_on.len() < PLOT_BYTES_MAX, "{} bytes", far_on.len());
}

#[test]
fn one_line_in_a_million_bins_is_seen_and_named() {
    let mut plot = SpectrumPlot { amplitude: vec![0.1; 1_000_000], ..unbalanced_motor() };
    plot.frequency_hz = (0..1_000_000).map(|bin| f64::from(bin) / 1_000.0).collect();
    plot.amplitude[432_100] = 6.0;
    let svg = spectrum(&plot);
    assert!(svg.contains("432.1 Hz"), "the peak has its name");
    assert!(svg.len() < PLOT_BYTES_MAX, "{} bytes", svg.len());
}

#[test]
fn noise_has_no_peaks_to_name() {
    let mut plot = unbalanced_motor();
    for (i, amplitude) in plot.amplitude.iter_mut().enumerate() {
        // The length of two normal numbers is what noise gives a line.
        let uniform = 0.5 - noise(i) * 0.99;
        *amplitude = (-2.0 * uniform.ln()).sqrt();
    }
    let names = |svg: &str| svg.lines().filter(|line| line.ends_with(" Hz")).count();
    assert_eq!(names(&spectrum(&plot)), 0);
    plot.amplitude[900] = 6.0;
    assert_eq!(names(&spectrum(&plot)), 1);
}

#[test]
fn a_peak_at_the_edge_is_named_within_the_frame() {
    let amplitude = |bin: u32| if bin == 199 || bin == 20 { 1.0 } else { 0.0 };
    let plot = SpectrumPlot {
        frequency_hz: (0_u32..=200).map(|bin| f64::from(bin) * 10.0).collect(),
        amplitude: (0..=200).map(amplitude).collect(),
        ..SpectrumPlot::default()
    };
    let svg = spectrum(&plot);
    let element = |name: &str| svg.split("<text").find(|text| text.contains(name)).unwrap();
    assert!(element("1990.0 Hz").contains(r#"text-anchor="end""#), "{svg}");
    assert!(element("200.0 Hz").contains(r#"text-anchor="start""#), "{svg}");
}

#[test]
fn a_silence_is_a_gap_and_not_a_line() {
    let plot = wearing_motor();
    let pieces = |plot: &TrendPlot| {
        let svg = trend(plot);
        svg.lines().filter(|line| line.contains("<polyline") && line.contains(LINE_COLOUR)).count()
    };
    assert_eq!(pieces(&plot), 2);
    let mut whole = plot;
    whole.points = points((0..7_200).map(|_| 1.0));
    assert_eq!(pieces(&whole), 1);
}

#[test]
fn a_name_full_of_markup_stays_a_name() {
    let name = "<P&\"1\">".to_owned();
    let plot = TrendPlot {
        title: name.clone(),
        subtitle: format!("{name}\0\u{1b}"),
        quantity: name.clone(),
        unit: name.clone(),
        markers: vec![Marker { at: at(60.0), label: name.clone(), tone: Tone::Neutral }],
        ..wearing_motor()
    };
    let svg = trend(&plot);
    assert_well_formed(&svg);
    assert!(svg.contains("&lt;P&amp;&quot;1&quot;&gt;"), "the name is there, escaped");
    let marks = vec![FrequencyMark { frequency_hz: 77.0, label: name.clone() }];
    assert_well_formed(&spectrum(&SpectrumPlot {
        title: name.clone(),
        unit: name,
        marks,
        ..unbalanced_motor()
    }));
}

#[test]
fn no_input_makes_a_broken_plot() {
    let strange = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        -3.0,
        0.0,
        1e29,
        1e-29,
    ];
    let far = [Timestamp::MIN, at(0.0), Timestamp::MAX];
    for value in strange {
        for end in far {
            let plot = TrendPlot {
                points: vec![TrendPoint { at: end, value }, TrendPoint { at: at(1.0), value: 1.0 }],
                zones: Some(ZoneBoundaries { a_b: value, b_c: 1.0, c_d: value }),
                alarm_limit: Some(value),
                range: Some((at(0.0), end)),
                ..wearing_motor()
            };
            assert_well_formed(&trend(&plot));
            assert_well_formed(&trend(&TrendPlot { range: None, ..plot }));
        }
        let plot = SpectrumPlot {
            frequency_hz: vec![value, 2.0, 1.0],
            amplitude: vec![1.0, value],
            frequency_hz_max: Some(value),
            speed_rpm: Some(value),
            line_frequency_hz: Some(value),
            size: Size::new(0, u32::MAX),
            ..unbalanced_motor()
        };
        assert_well_formed(&spectrum(&plot));
    }
}

#[test]
fn every_plot_is_well_formed() {
    assert_well_formed(&trend(&wearing_motor()));
    assert_well_formed(&spectrum(&unbalanced_motor()));
    assert_well_formed(&trend(&TrendPlot::default()));
}

/// Tags open and close in pairs, attributes are quoted, entities are known, and no number went wrong.
fn assert_well_formed(svg: &str) {
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some((words, tagged)) = rest.split_once('<') {
        assert_text(words);
        let (tag, after) = tagged.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{svg}");
            continue;
        }
        let (name, attributes) = tag.trim_end_matches('/').split_once(' ').unwrap_or((tag, ""));
        assert_attributes(attributes);
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert_text(rest);
    assert!(open.is_empty(), "{open:?} stayed open");
    assert!(svg.starts_with("<svg ") && svg.contains("xmlns=\"http://www.w3.org/2000/svg\""));
}

fn assert_attributes(attributes: &str) {
    let parts: Vec<&str> = attributes.split('"').collect();
    assert!(parts.len() % 2 == 1, "a quote is missing in {attributes}");
    for pair in parts.chunks(2) {
        let [name, value] = pair else { continue };
        assert!(name.trim().ends_with('=') && !name.trim().contains(' '), "{attributes}");
        assert_text(value);
    }
}

fn assert_text(words: &str) {
    assert!(!words.contains(['<', '>']), "{words}");
    let bare = words.split('&').skip(1);
    let known = ["amp;", "lt;", "gt;", "quot;", "apos;"];
    assert!(bare.clone().all(|tail| known.iter().any(|name| tail.starts_with(name))), "{words}");
    assert!(!words.chars().any(|c| c.is_control() && c != '\n'), "{words:?}");
}
