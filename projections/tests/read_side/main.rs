//! The read side from the outside: events in, documents and answers out.

mod answers;
mod baseline;
mod diagnosis;
mod documents;
mod feed;
mod long_log;
mod make;
mod notifications;
mod past;
mod pictures;
mod plant;
mod rebuild;
mod replay;
mod site;
mod vibration;
