//! The live feed over a real cluster.
