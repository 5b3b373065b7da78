//! Developer commands of Team6.

fn main() {}
