//! What stands beside an event on a topic.
