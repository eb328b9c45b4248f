#!/usr/bin/env bash
# The crate mimalloc 0.1.52 (libmimalloc-sys 0.1.49), with its default features, which take mimalloc's third major version, and with
# the feature "v2", which takes the second:
#   2,000,000 boxes of 48 bytes     ->  64 bytes each by default, 48 with "v2"
#   2,000,000 boxes of 112 bytes    ->  128 bytes each by default, 112 with "v2"
#   2,000,000 boxes of 64 bytes     ->  64 bytes each, both
# A layout whose size is no power of two is allocated with its size and its alignment together, less one byte, though every block of
# that size is aligned well enough already.
#
# The script fails when the behaviour is another one. Needs Rust, a C compiler and Linux.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >src/main.rs <<'RUST'
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const COUNT: usize = 2_000_000;

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// How many bytes a box of `WORDS` words takes, to the next eight.
fn measured<const WORDS: usize>() -> usize {
    let mut boxes: Vec<Box<[u64; WORDS]>> = Vec::with_capacity(COUNT);
    let before = resident();
    boxes.extend((0..COUNT).map(|n| Box::new([n as u64; WORDS])));
    let list = COUNT * size_of::<usize>();
    let each = (resident() - before - list) as f64 / COUNT as f64;
    std::hint::black_box(&boxes);
    (each / 8.0).round() as usize * 8
}

fn main() {
    // A process for each size: none gets what another has freed.
    match std::env::args().nth(1).as_deref() {
        Some("48") => println!("48={}", measured::<6>()),
        Some("112") => println!("112={}", measured::<14>()),
        _ => println!("64={}", measured::<8>()),
    }
}
RUST
for features in '[]' '["v2"]'; do
    cat >Cargo.toml <<TOML
[package]
name = "small-sizes"
version = "0.0.0"
edition = "2024"

[dependencies]
mimalloc = { version = "=0.1.52", default-features = false, features = $features }
libmimalloc-sys = "=0.1.49"

[workspace]
TOML
    cargo build --quiet --release
    for size in 48 112 64; do
        target/release/small-sizes "$size"
    done
done | tee seen
diff seen - <<'EXPECTED'
48=64
112=128
64=64
48=48
112=112
64=64
EXPECTED
