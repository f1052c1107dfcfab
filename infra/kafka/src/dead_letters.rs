//! Dead letters, told on a topic of their own.
