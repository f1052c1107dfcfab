//! Pictures over HTTP.
