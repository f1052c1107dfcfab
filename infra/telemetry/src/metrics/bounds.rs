//! Where the buckets of histograms end, in seconds; without them every duration would fall into one.

/// As the semantic conventions have them for `http.server.request.duration`.
pub(super) const REQUEST_S: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// As the semantic conventions have them for `db.client.operation.duration`.
pub(super) const OPERATION_S: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// As the semantic conventions have them for `messaging.process.duration`, and on: a batch may take a minute.
pub(super) const PROCESS_S: [f64; 16] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0];
