//! Seeded whole-system histories of the real engine against both simulators.

fn main() {}
