//! Which motors there are, and what is wrong with them.

use anyhow::{Context, bail};
use domain::vibration::bearing::{FaultOrders, Geometry, by_designation};
use serde_json::{Value, json};
use simulation::machine::{Impacts, Machine, Tone};
use uuid::Uuid;

use crate::cli::{Severity, Simulate, SimulatedFault as Fault};

const RESONANCE_HZ: f64 = 3_000.0;
const RESONANCE_DECAY_PER_S: f64 = 900.0;
/// Elements do not pass quite evenly.
const JITTER: f64 = 0.01;

/// A simulated motor.
pub(super) struct Motor {
    pub(super) id: Uuid,
    pub(super) nameplate: Value,
    pub(super) machine: Machine,
    pub(super) seed: u64,
}

/// All that were asked for; the faults go round.
///
/// # Errors
/// The bearing is not known, and no geometry.
pub(super) fn of(options: &Simulate) -> anyhow::Result<Vec<Motor>> {
    let (bearing, orders) = bearing(&options.bearing)?;
    let faults = if options.fault.is_empty() { Fault::ALL.to_vec() } else { options.fault.clone() };
    let motor = |index: u32| {
        let fault = faults[index as usize % faults.len()];
        // The same motor has the same id whenever it is simulated.
        let name = format!("urn:atalaya:simulate:{}:{index}", options.seed);
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes());
        let nameplate = json!({
            "motor_id": id,
            "name": format!("S-{:04} {}", index + 1, fault.name()),
            "location": format!("Simulation {}", options.seed),
            "rated_power_kw": 90.0,
            "rated_speed_rpm": options.speed_rpm,
            "bearings": [bearing.clone()],
        });
        let machine = machine(fault, options, &orders);
        Motor {
            id,
            nameplate,
            machine,
            seed: options.seed.wrapping_mul(1_000_003) + u64::from(index),
        }
    };
    Ok((0..options.motors).map(motor).collect())
}

/// By its designation, or as `elements,element_mm,pitch_mm,angle_deg`.
fn bearing(text: &str) -> anyhow::Result<(Value, FaultOrders)> {
    let numbers: Vec<_> = text.split(',').map(|part| part.trim().parse::<f64>()).collect();
    if let [Ok(elements), Ok(element), Ok(pitch), Ok(angle)] = numbers[..] {
        let geometry = Geometry {
            rolling_elements: elements as u32,
            element_diameter_mm: element,
            pitch_diameter_mm: pitch,
            contact_angle_deg: angle,
        };
        let described = json!({
            "position": "DE",
            "rolling_elements": geometry.rolling_elements,
            "element_diameter_mm": element,
            "pitch_diameter_mm": pitch,
            "contact_angle_deg": angle,
        });
        return Ok((described, geometry.fault_orders()));
    }
    if numbers.len() > 1 {
        bail!("--bearing {text}: expected elements,element_mm,pitch_mm,angle_deg");
    }
    let geometry = by_designation(text);
    let geometry = geometry.with_context(|| format!("--bearing {text}: not in the catalogue"))?;
    Ok((json!({ "position": "DE", "designation": text }), geometry.fault_orders()))
}

fn machine(fault: Fault, options: &Simulate, orders: &FaultOrders) -> Machine {
    let (velocity, height) = match options.severity {
        Severity::Slight => (2.0, 1.5),
        Severity::Clear => (3.4, 4.0),
        Severity::Grave => (7.0, 12.0),
    };
    let tone = |order, velocity_rms_mm_s| Tone { order, velocity_rms_mm_s };
    let knock = |order, load_order| Impacts {
        order,
        load_order,
        height_m_s2: height * options.noise_m_s2,
        resonance_hz: RESONANCE_HZ.min(0.35 * options.sample_rate_hz),
        decay_per_s: RESONANCE_DECAY_PER_S,
        jitter: JITTER,
    };
    let healthy = vec![tone(1.0, 0.6), tone(2.0, 0.15)];
    let (tones, impacts) = match fault {
        Fault::Healthy => (healthy, None),
        Fault::Unbalance => (vec![tone(1.0, velocity), tone(2.0, 0.15)], None),
        Fault::Misalignment => (vec![tone(1.0, 0.6), tone(2.0, velocity)], None),
        Fault::Looseness => {
            let harmonics = (3..=8).map(|order| tone(f64::from(order), 0.3 * velocity));
            let slow = [tone(0.5, 0.4 * velocity), tone(1.0, velocity)];
            (slow.into_iter().chain(harmonics).collect(), None)
        }
        Fault::OuterRace => (healthy, Some(knock(orders.outer_race, None))),
        Fault::InnerRace => (healthy, Some(knock(orders.inner_race, Some(1.0)))),
        Fault::Cage => (healthy, Some(knock(orders.cage, None))),
    };
    Machine {
        sample_rate_hz: options.sample_rate_hz,
        speed_rpm: options.speed_rpm,
        run_up_s: options.run_up_s,
        noise_m_s2: options.noise_m_s2,
        tones,
        impacts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearing_is_named_or_described() {
        let (_, named) = bearing("6205").unwrap();
        let (_, described) = bearing("9, 7.94, 39.04, 0").unwrap();
        assert!((named.outer_race - described.outer_race).abs() < 1e-2);
        for wrong in ["unheard-of", "9,7.94", "a,b,c,d"] {
            assert!(bearing(wrong).is_err(), "{wrong}");
        }
    }
}
