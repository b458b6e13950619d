//! Tells cargo that the embedded migrations are part of the program: a new file alone changes no Rust source.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
