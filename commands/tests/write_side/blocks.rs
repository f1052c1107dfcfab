//! Vibration samples over HTTP.
