//! The read side from the outside: events in, documents and answers out.

mod answers;
mod documents;
mod feed;
mod make;
mod pictures;
mod rebuild;
mod replay;
mod site;
mod vibration;
