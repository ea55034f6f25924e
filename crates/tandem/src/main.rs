//! The command line; wires the rest together and holds no logic of its own.

fn main() {}
