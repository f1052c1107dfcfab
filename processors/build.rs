//! Finds out whether libjpeg-turbo could be built with SIMD, and says what to do when it could not.

use std::env;

fn main() {
    println!("cargo:rustc-check-cfg=cfg(picture_simd)");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=PATH");
    if has_simd() {
        println!("cargo:rustc-cfg=picture_simd");
        return;
    }
    println!(
        "cargo:warning=neither nasm nor yasm is on the PATH, so libjpeg-turbo is built without SIMD and pictures \
         will be several times slower; `apt-get install nasm`, then `cargo clean -p turbojpeg-sys -p processors` \
         and a new build, heals it"
    );
}

/// The assembler is needed for x86 alone; elsewhere libjpeg-turbo's SIMD is written in C.
fn has_simd() -> bool {
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    match arch.as_str() {
        "x86" | "x86_64" => is_on_path("nasm") || is_on_path("yasm"),
        "aarch64" | "arm" => true,
        _ => false,
    }
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path).any(|folder| folder.join(&file).is_file())
}
