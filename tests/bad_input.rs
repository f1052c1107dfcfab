//! Whatever is sent to the real program, and whatever happens beneath it: the answer says what is wrong, and nothing
//! that was recorded before is lost.

#[path = "common/common.rs"]
mod common;
#[path = "bad_input/corrupt.rs"]
mod corrupt;
#[path = "bad_input/disk.rs"]
mod disk;
#[path = "bad_input/folder.rs"]
mod folder;
#[path = "bad_input/paths.rs"]
mod paths;
#[path = "bad_input/pictures.rs"]
mod pictures;
#[path = "bad_input/requests.rs"]
mod requests;
#[path = "bad_input/samples.rs"]
mod samples;
#[path = "bad_input/world.rs"]
mod world;
