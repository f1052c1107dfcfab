//! Every line of `golden_iso.json`.

use domain::vibration::severity::{
    alarm_limit, combined_zone, is_significant_change, trip_limit, zone,
};
use domain::vibration::{Boundaries, MachineGroup, Mounting, Zone, boundaries};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::assert_close;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/golden_iso.json")).expect("the file is JSON")
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("the file has the shape of our types")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// The boundaries with this B/C or C/D, of which alone the examples of alarm, trip and change
/// speak.
fn row_with(pick: impl Fn(&Boundaries) -> f64, value: f64) -> Boundaries {
    [MachineGroup::Group1, MachineGroup::Group2]
        .into_iter()
        .map(|group| boundaries(group, Mounting::Rigid))
        .find(|row| pick(row) == value)
        .expect("the example is about a row of the table")
}

#[test]
fn the_tables_of_both_editions_are_those_of_the_file() {
    let golden = golden();
    for (group, supports) in golden["iso10816_3"].as_object().expect("groups") {
        for (mounting, row) in supports.as_object().expect("mountings") {
            let ours = boundaries(read(&group.as_str().into()), read(&mounting.as_str().into()));
            let um = ours.displacement_um.expect("part 3 has displacements");
            assert_eq!(read::<[f64; 3]>(&row["v"]), [ours.ab, ours.bc, ours.cd]);
            assert_eq!(read::<[f64; 3]>(&row["d_um"]), [um.ab, um.bc, um.cd]);
        }
    }
    let classes = [
        ("I", MachineGroup::Class1),
        ("II", MachineGroup::Class2),
        ("III", MachineGroup::Class3),
        ("IV", MachineGroup::Class4),
    ];
    for (name, group) in classes {
        for mounting in [Mounting::Rigid, Mounting::Flexible] {
            let ours = boundaries(group, mounting);
            let expected: [f64; 3] = read(&golden["iso10816_1_classes"][name]);
            assert_eq!(expected, [ours.ab, ours.bc, ours.cd], "class {name}");
            assert_eq!(ours.displacement_um, None);
        }
    }
}

#[test]
fn every_example_of_a_zone_holds() {
    let golden = golden();
    let examples = list(&golden["zone_examples"]);
    assert_eq!(examples.len(), 24);
    for example in examples {
        let row = boundaries(read(&example["group"]), read(&example["support"]));
        let expected: Zone = read(&example["zone"]);
        assert_eq!(zone(number(&example["v"]), &row), expected, "{example}");
    }
}

#[test]
fn of_velocity_and_displacement_the_worse_zone_wins() {
    let golden = golden();
    let example = &golden["combined_example"];
    let row = boundaries(read(&example["group"]), read(&example["support"]));
    let (v, um) = (number(&example["v"]), number(&example["d_um"]));
    assert_eq!(combined_zone(v, Some(um), &row), read::<Zone>(&example["zone"]));
    assert_eq!(combined_zone(v, None, &row), Zone::B);
    assert_eq!(combined_zone(4.6, Some(um), &row), Zone::D);
}

#[test]
fn every_example_of_a_limit_holds() {
    let golden = golden();
    for example in list(&golden["alarm"]["examples"]) {
        let row = row_with(|row| row.bc, number(&example["bc"]));
        let limit = alarm_limit(Some(number(&example["baseline"])), &row);
        assert_close("alarm", limit, number(&example["alarm"]), 1e-12);
    }
    for example in list(&golden["trip"]["examples"]) {
        let row = row_with(|row| row.cd, number(&example["cd"]));
        assert_close("trip", trip_limit(&row), number(&example["trip"]), 1e-12);
    }
}

#[test]
fn every_example_of_a_change_holds() {
    let golden = golden();
    for example in list(&golden["change"]["examples"]) {
        let row = row_with(|row| row.bc, number(&example["bc"]));
        let significant = is_significant_change(number(&example["delta"]), &row);
        assert_eq!(significant, read::<bool>(&example["sig"]), "{example}");
    }
}
