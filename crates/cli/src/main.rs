//! The binary `team6`.

fn main() {}
