//! How much the stores may take, and how long they keep it.

/// The bounds of the stores.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many writes may wait per database file; whoever comes later waits to be let in.
    pub writer_queue_jobs_max: usize,
    /// How many reads run at a time per database file.
    pub readers_max: usize,
    /// For how many days a repeated command gets its first answer.
    pub command_records_days_max: u32,
    /// For how many hours samples are kept once the processor is through with them.
    pub samples_hours_max: u32,
    /// How many bytes of samples are kept once the processor is through with them.
    pub sample_bytes_max: u64,
    /// For how many days readings are kept; the newest one of each sensor and axis stays for good.
    pub readings_days_max: u32,
    /// Of how many readings of one motor, sensor and axis the spectrum is kept: the newest ones.
    pub spectra_per_key_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            writer_queue_jobs_max: 1_024,
            readers_max: 4,
            command_records_days_max: 7,
            samples_hours_max: 7 * 24,
            sample_bytes_max: 1024 * 1024 * 1024,
            readings_days_max: 365,
            spectra_per_key_max: 128,
        }
    }
}
