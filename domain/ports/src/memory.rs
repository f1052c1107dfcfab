//! A reference adapter per port: the executable meaning of its contract.
