//! Messages of devices, as they are found in the wild.

use domain::vibration::{Axis, Measurement, SampleBlock, Statistic, Unit};

use super::*;

const RECORD_TIME: Timestamp = Timestamp::MIN;
const MOTOR: &str = "018f3c5e-0000-7000-8000-000000000007";

fn read_with_key(key: Option<&[u8]>, json: &str) -> Result<Message, Refusal> {
    let record = Record { key, time: RECORD_TIME };
    let json = json.replace("MOTOR", MOTOR);
    read(json.as_bytes(), &record, &DeviceConventions::default())
}

fn message(json: &str) -> Message {
    read_with_key(None, json).unwrap()
}

fn refusal(json: &str) -> String {
    read_with_key(None, json).unwrap_err().to_string()
}

fn rms(axis: Axis, unit: Unit, value: f64) -> Measurement {
    Measurement {
        sensor: "unnamed".to_owned(),
        axis,
        unit,
        started_at: RECORD_TIME,
        speed_rpm: None,
        statistic: Statistic::Rms,
        value,
    }
}

fn measured(measurements: impl IntoIterator<Item = Measurement>) -> Vec<Sample> {
    measurements.into_iter().map(Sample::Measurement).collect()
}

#[test]
fn a_legacy_message_is_a_value_in_the_unit_of_its_quantity_at_its_records_time() {
    for (quantity, unit) in
        [("velocity", Unit::MillimetrePerSecond), ("Acceleration", Unit::MetrePerSecondSquared)]
    {
        let json = r#"{"MotorId":"MOTOR","Value":3.2,"Axis":"X","Medicion":"QUANTITY"}"#;
        let message = message(&json.replace("QUANTITY", quantity));
        assert_eq!(message.motor_id.to_string(), MOTOR);
        assert_eq!(message.samples, measured([rms(Axis::X, unit, 3.2)]));
        assert!(message.record_time);
    }
}

#[test]
fn the_older_legacy_message_differs_in_its_names_alone() {
    let new = message(r#"{"MotorId":"MOTOR","Value":1,"Axis":"z","Medicion":"velocity"}"#);
    let old = message(r#"{"idMotor":"MOTOR","value":1,"axis":"z","medicion":"velocity"}"#);
    assert_eq!(old, new);
}

#[test]
fn a_message_without_a_motor_belongs_to_its_key() {
    let json = r#"{"Timestamp":"2026-01-01T00:00:00Z","Value":1,"Medicion":"velocity","Axis":"y"}"#;
    let message = read_with_key(Some(MOTOR.as_bytes()), json).unwrap();
    assert_eq!(message.motor_id.to_string(), MOTOR);
    let moment = Timestamp::from_micros(1_767_225_600_000_000);
    let expected =
        Measurement { started_at: moment, ..rms(Axis::Y, Unit::MillimetrePerSecond, 1.0) };
    assert_eq!(message.samples, measured([expected]));
    assert!(!message.record_time);
    for key in [None, Some(&b"17"[..]), Some(&[0xff, 0xfe][..])] {
        assert_eq!(read_with_key(key, json).unwrap_err().name(), "motor_id");
    }
}

#[test]
fn a_temperature_is_no_vibration_and_no_fault() {
    for json in [
        r#"{"MotorId":"MOTOR","Value":61.5,"Axis":"X","Medicion":"temperature"}"#,
        r#"{"motorId":"MOTOR","timestamp":1767225600,"temperature":61.5}"#,
    ] {
        let message = message(json);
        assert_eq!((message.samples.len(), message.not_vibration), (0, 1), "{json}");
    }
}

#[test]
fn a_reading_has_a_value_for_each_axis_that_is_there() {
    let json = r#"{"motorId":"MOTOR","timestamp":1767225600123,"x":0.1,"y":0.2,"z":null,
                   "temperature":40.1,"rpm":1480,"unit":"g"}"#;
    let message = message(json);
    let of = |axis, value| Measurement {
        started_at: Timestamp::from_micros(1_767_225_600_123_000),
        speed_rpm: Some(1_480.0),
        ..rms(axis, Unit::StandardGravity, value)
    };
    assert_eq!(message.samples, measured([of(Axis::X, 0.1), of(Axis::Y, 0.2)]));
    assert_eq!(message.not_vibration, 1);
}

#[test]
fn what_is_posted_over_http_may_come_by_kafka_with_its_motor() {
    let json = r#"{"motor_id":"MOTOR","sensor":"DE","axis":"radial_h","unit":"m/s2",
        "sample_rate_hz":12800,"started_at":"2026-01-01T00:00:00Z","speed_rpm":1480,SAMPLES}"#;
    let expected = Sample::Block(SampleBlock {
        sensor: "DE".to_owned(),
        axis: Axis::RadialH,
        unit: Unit::MetrePerSecondSquared,
        sample_rate_hz: 12_800.0,
        started_at: Timestamp::from_micros(1_767_225_600_000_000),
        speed_rpm: Some(1_480.0),
        samples: vec![0.1, -0.0],
    });
    for samples in [r#""samples":[0.1,-0.0]"#, r#""samples_base64":"zczMPQAAAIA=""#] {
        let message = message(&json.replace("SAMPLES", samples));
        assert_eq!(message.samples, std::slice::from_ref(&expected));
    }
    let both = json.replace("SAMPLES", r#""samples":[1],"samples_base64":"""#);
    assert!(refusal(&both).starts_with("field samples"), "{}", refusal(&both));
    let value = json.replace("SAMPLES", r#""samples":[2.8],"statistic":"rms""#);
    let Sample::Measurement(value) = &message(&value).samples[0] else { panic!("a value") };
    assert_eq!((value.value, value.statistic), (2.8, Statistic::Rms));
    let many = json.replace("SAMPLES", r#""samples":[2.8,3],"statistic":"rms""#);
    assert!(refusal(&many).contains("exactly one value"));
}

#[test]
fn conventions_say_what_a_message_leaves_out() {
    let conventions = DeviceConventions {
        acceleration_unit: "g".to_owned(),
        sensor: "gateway-1".to_owned(),
        ..DeviceConventions::default()
    };
    let record = Record { key: None, time: RECORD_TIME };
    let json = format!(r#"{{"motorId":"{MOTOR}","x":0.5}}"#);
    let message = read(json.as_bytes(), &record, &conventions).unwrap();
    let sensor = "gateway-1".to_owned();
    let expected = Measurement { sensor, ..rms(Axis::X, Unit::StandardGravity, 0.5) };
    assert_eq!(message.samples, measured([expected]));
}

#[test]
fn what_nobody_can_understand_says_why() {
    for (json, reason) in [
        ("", "neither Avro"),
        ("[1]", "neither Avro"),
        (r#"{"a":1} x"#, "neither Avro"),
        (
            r#"{"motorId":"MOTOR","speed":1}"#,
            "unknown kind of message, with the fields motorid, speed",
        ),
        (r#"{"MotorId":17,"Value":1,"Axis":"x","Medicion":"velocity"}"#, "motor id"),
        (
            r#"{"MotorId":"pump","Value":1,"Axis":"x","Medicion":"velocity"}"#,
            r#""pump" is no UUID"#,
        ),
        (r#"{"MotorId":"MOTOR","Value":1,"Axis":"x"}"#, "field Medicion: is missing"),
        (r#"{"MotorId":"MOTOR","Value":1,"Axis":"x","Medicion":"noise"}"#, r#""noise" is none of"#),
        (r#"{"MotorId":"MOTOR","Value":1,"Medicion":"velocity"}"#, "field Axis: is missing"),
        (r#"{"MotorId":"MOTOR","Value":"1","Axis":"x","Medicion":"velocity"}"#, "field Value"),
        (r#"{"MotorId":"MOTOR","Value":1,"Axis":"w","Medicion":"velocity"}"#, "not a valid sample"),
        (r#"{"MotorId":"MOTOR","Value":1,"Axis":"x","unit":"mm/s2"}"#, "not a valid sample"),
        (r#"{"MotorId":"MOTOR","Value":1,"value":2,"Axis":"x"}"#, "twice"),
        (r#"{"motorId":"MOTOR","timestamp":"noon","x":1}"#, "field timestamp"),
    ] {
        let told = refusal(json);
        assert!(told.contains(reason), "{json}: {told}");
    }
    let fields: Vec<_> = (0..100).map(|i| format!(r#""f{i}":1"#)).collect();
    assert!(refusal(&format!("{{{}}}", fields.join(","))).contains("more than 64 fields"));
}
