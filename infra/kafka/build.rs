//! The committed schemas are part of the crate.

fn main() {
    println!("cargo::rerun-if-changed=schemas");
}
