//! The decoder from outside: its results, and what it does with files that are not sound.

mod hostile;
mod make;
mod oracle;
mod writer;
