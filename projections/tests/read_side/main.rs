//! The read side from the outside: events in, documents and answers out.

mod documents;
mod make;
mod rebuild;
mod replay;
