//! Motors that send the same samples whenever they are simulated, and what their judges have made of them.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::cluster::Installation;
use crate::common::server::{Died, Server, ServerOptions};
use crate::common::wait::eventually;
use crate::truth;

/// Blocks of less than a window, so that windows are open at every border. Now and then two are missing, so that others
/// wait for them.
const SIMULATED: [&str; 11] = [
    "simulate",
    "--motors=14",
    "--sample-rate-hz=6400",
    "--block-s=0.7",
    "--severity=grave",
    "--drop-out-every-s=21",
    "--drop-out-s=1.4",
    "--blocks-per-s=0",
    "--start=2026-01-01T00:00:00Z",
    "--seed=5",
    "--blocks",
];
const BLOCKS: u64 = 250;
const BLOCK_SAMPLES: u64 = 4_480;
/// What the verdicts are, without what goes by when and how often samples come: a sensor is found, and lost.
const TOLD: &str = "SELECT aggregate_id, event_type, payload FROM events WHERE event_type NOT IN \
                    ('registered', 'sensor_found', 'sensor_lost') ORDER BY aggregate_id, sequence";
const READINGS: &str = "SELECT motor_id, sensor, axis, at, names, feature_values, quality, md5(amplitudes) \
                        FROM readings JOIN series ON series.id = series_id JOIN feature_sets ON \
                        feature_sets.id = feature_set_id LEFT JOIN spectra USING (series_id, at) \
                        ORDER BY motor_id, sensor, axis, at";
const TAKEN: &str = "SELECT coalesce(sum(value::bigint), 0) FROM processor_checkpoint, json_each_text(checkpoint::json)";
/// What is yet to be said: by windows that are open, and by commands that wait.
const UNSAID: &str = "SELECT (SELECT count(*) FROM processor_states WHERE state LIKE '%\"open\":true%') \
                      + (SELECT count(*) FROM outgoing_commands)";

/// An installation whose samples are on a topic of its own, or on that of another one.
pub(crate) struct Plant {
    installation: Installation,
    topic: String,
    registry: String,
}

/// What was put on the topic.
pub(crate) struct Sent {
    pub(crate) records: u64,
}

/// All that motors were told of their condition, and all that was read of them; a line each.
pub(crate) struct Verdicts {
    told: Vec<String>,
    pub(crate) readings: Vec<String>,
}

impl Plant {
    /// `None` where a service is missing.
    pub(crate) fn new() -> Option<Self> {
        let installation = Installation::migrated()?;
        let topic = format!("{}.vibration-topic", installation.name);
        Some(Self { installation, topic, registry: services::schema_registry()? })
    }

    /// Another one over the same samples.
    pub(crate) fn beside(other: &Self) -> Option<Self> {
        Some(Self { topic: other.topic.clone(), ..Self::new()? })
    }

    fn options(&self, roles: &'static str) -> ServerOptions {
        let options = self.installation.options(&["--roles", roles]);
        options.with("KAFKA_TOPIC", &self.topic)
    }

    pub(crate) async fn start(&self, roles: &'static str) -> Server {
        Server::start(&self.options(roles)).await
    }

    /// A judge that kills itself at a point.
    pub(crate) async fn try_start_armed(&self, point: &str) -> Result<Server, Died> {
        Server::try_start(&self.options("vibration").with("ATALAYA_KILL_AT", point)).await
    }

    /// Makes the motors known, and nothing else.
    pub(crate) async fn register(&self, doors: &Server) {
        self.simulate_blocks(doors, 0).await;
    }

    /// Puts all samples on the topic.
    pub(crate) async fn simulate(&self, doors: &Server) -> Sent {
        Sent { records: self.simulate_blocks(doors, BLOCKS).await / BLOCK_SAMPLES }
    }

    async fn simulate_blocks(&self, doors: &Server, blocks: u64) -> u64 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya"));
        command.args(SIMULATED).arg(blocks.to_string()).args(["--url", &doors.url]);
        command.args(["--kafka", &self.installation.kafka, "--topic", &self.topic]);
        command.args(["--registry", &self.registry]).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await;
        let output = output.expect("it is waited for").expect("the program can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8_lossy(&output.stdout);
        // "14 motors, 1400 blocks, 5895680 samples in …"
        let samples = said.split(", ").find_map(|part| part.split_once(" samples"));
        truth::number(samples.unwrap_or_else(|| panic!("it said: {said}")).0)
    }

    /// How often the office of the judge went to somebody.
    pub(crate) fn term(&self) -> u64 {
        truth::term(&self.installation, "vibration")
    }

    /// How many records were judged.
    pub(crate) fn taken(&self) -> u64 {
        truth::number(&truth::psql(&self.installation, TAKEN))
    }

    /// Returns when all is said of so many records.
    pub(crate) async fn rests(&self, records: u64, s_max: u64) {
        let is_said = || truth::number(&truth::psql(&self.installation, UNSAID)) == 0;
        let rests = async || (self.taken() >= records && is_said()).then_some(());
        eventually("all is judged and told", Duration::from_secs(s_max), rests).await;
    }

    pub(crate) fn verdicts(&self) -> Verdicts {
        let lines = |query: &str| -> Vec<String> {
            truth::psql(&self.installation, query).lines().map(str::to_owned).collect()
        };
        Verdicts { told: lines(TOLD), readings: lines(READINGS) }
    }
}

impl Verdicts {
    /// How many there are of each kind.
    pub(crate) fn kinds(&self) -> BTreeMap<&str, usize> {
        let mut kinds = BTreeMap::new();
        for told in &self.told {
            *kinds.entry(told.split('\t').nth(1).unwrap_or_default()).or_default() += 1;
        }
        kinds
    }

    pub(crate) fn assert_are(&self, expected: &Self) {
        for (found, expected) in
            [(&self.told, &expected.told), (&self.readings, &expected.readings)]
        {
            let first = found.iter().zip(expected).position(|(found, expected)| found != expected);
            if let Some(first) = first {
                panic!(
                    "number {first} is\n{}\nand without disturbance\n{}",
                    found[first], expected[first]
                );
            }
            assert_eq!(
                found.len(),
                expected.len(),
                "so many more, or less, than without disturbance"
            );
        }
    }
}
