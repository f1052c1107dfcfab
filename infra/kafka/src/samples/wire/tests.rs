//! Samples in Avro and back.

use apache_avro::types::Value;
use domain::vibration::{Axis, Measurement, SampleBlock, Statistic, Unit};
use ports::clock::Timestamp;
use ports::samples::Sample;
use uuid::Uuid;

use super::*;

const MOTOR: Uuid = Uuid::from_u128(7);

fn ours() -> WriterSchema {
    WriterSchema::parse(SCHEMA).unwrap()
}

fn block(samples: Vec<f32>) -> Sample {
    Sample::Block(SampleBlock {
        sensor: "DE".to_owned(),
        axis: Axis::RadialH,
        unit: Unit::StandardGravity,
        sample_rate_hz: 12_800.5,
        started_at: Timestamp::from_micros(1_767_225_600_123_456),
        speed_rpm: Some(1_480.25),
        samples,
    })
}

fn rms() -> Sample {
    Sample::Measurement(Measurement {
        sensor: "NDE".to_owned(),
        axis: Axis::Z,
        unit: Unit::MillimetrePerSecond,
        started_at: Timestamp::from_micros(-1),
        speed_rpm: None,
        statistic: Statistic::Rms,
        value: 2.8,
    })
}

#[test]
fn every_bit_comes_back() {
    let samples = vec![0.1, -0.0, f32::MIN_POSITIVE, f32::MAX, -1.5e-39];
    for sample in [block(samples.clone()), rms()] {
        let datum = encode(MOTOR, &sample).unwrap();
        assert_eq!(decode(&datum, &ours()).unwrap(), (MOTOR, sample));
    }
    let datum = encode(MOTOR, &block(samples)).unwrap();
    let (_, Sample::Block(back)) = decode(&datum, &ours()).unwrap() else { panic!("a block") };
    assert_eq!(back.samples[1].to_bits(), (-0.0_f32).to_bits());
}

#[test]
fn a_waveform_takes_four_bytes_per_sample_and_little_beside() {
    let datum = encode(MOTOR, &block(vec![0.25; 16_384])).unwrap();
    assert!((65_536..65_536 + 128).contains(&datum.len()), "{}", datum.len());
}

#[test]
fn half_as_large_samples_come_out_in_their_unit() {
    let steps = [-32_768_i16, -1, 0, 2, 32_767];
    let bytes = steps.iter().flat_map(|step| step.to_le_bytes()).collect();
    let mut value = value_of(MOTOR, &block(Vec::new()));
    change_waveform(&mut value, "samples", Value::Bytes(bytes));
    change_waveform(&mut value, "encoding", Value::Enum(1, "i16le".to_owned()));
    let without_scale = DATUM_WRITER.write_value_to_vec(value.clone()).unwrap();
    assert_eq!(decode(&without_scale, &ours()).unwrap_err().name(), "field");
    change_waveform(&mut value, "scale", Value::Union(1, Box::new(Value::Double(0.5))));
    let datum = DATUM_WRITER.write_value_to_vec(value).unwrap();
    let (_, Sample::Block(back)) = decode(&datum, &ours()).unwrap() else { panic!("a block") };
    assert_eq!(back.samples, [-16_384.0, -0.5, 0.0, 1.0, 16_383.5]);
}

#[test]
fn what_another_version_of_the_schema_wrote_is_read() {
    let older = SCHEMA.replace(
        r#""doc": "radial_h, radial_v, axial, x, y or z." },"#,
        r#""doc": "any" }, { "name": "firmware", "type": "string" },"#,
    );
    assert_ne!(older, SCHEMA);
    let writer = WriterSchema::parse(&older).unwrap();
    let Value::Record(mut fields) = value_of(MOTOR, &rms()) else { panic!("a record") };
    fields.insert(3, ("firmware".to_owned(), Value::String("1.2.3".to_owned())));
    let datum = GenericDatumWriter::builder(&writer.schema).build().unwrap();
    let datum = datum.write_value_to_vec(Value::Record(fields)).unwrap();
    assert_eq!(decode(&datum, &writer).unwrap(), (MOTOR, rms()));
}

#[test]
fn a_schema_of_something_else_is_refused() {
    let other = WriterSchema::parse(r#"{"type":"record","name":"Other","fields":[]}"#).unwrap();
    assert_eq!(decode(&[], &other).unwrap_err().name(), "avro");
    let text = WriterSchema::parse(r#""string""#).unwrap();
    assert_eq!(decode(&[2, b'a'], &text).unwrap_err().name(), "avro");
}

#[test]
fn a_record_must_be_read_to_its_end() {
    let mut datum = encode(MOTOR, &rms()).unwrap();
    datum.push(0);
    assert_eq!(decode(&datum, &ours()).unwrap_err().name(), "avro");
    datum.truncate(datum.len() - 2);
    assert_eq!(decode(&datum, &ours()).unwrap_err().name(), "avro");
}

#[test]
fn samples_that_are_cut_in_the_middle_are_refused() {
    let mut value = value_of(MOTOR, &block(Vec::new()));
    change_waveform(&mut value, "samples", Value::Bytes(vec![0; 7]));
    let datum = DATUM_WRITER.write_value_to_vec(value).unwrap();
    let refusal = decode(&datum, &ours()).unwrap_err();
    assert_eq!(refusal.to_string(), "field samples: 7 bytes are no whole number of 4-byte samples");
}

fn change_waveform(value: &mut Value, name: &str, to: Value) {
    let Value::Record(fields) = value else { panic!("a record") };
    let (_, content) = fields.iter_mut().find(|(name, _)| name == "content").unwrap();
    let Value::Union(_, content) = content else { panic!("a union") };
    let Value::Record(fields) = &mut **content else { panic!("a record") };
    fields.iter_mut().find(|(known, _)| known == name).unwrap().1 = to;
}
