//! The rules of Atalaya: what may happen to a motor and to a picture, and what a vibration means.
//!
//! Pure: no IO, no clock, no randomness. Time and new ids come in with the command.
#![warn(missing_docs)]

pub mod aggregate;
pub mod image;
pub mod invalid;
pub mod motor;
pub mod notification;
pub mod picture;
pub mod rejection;
pub mod time;
pub mod vibration;
