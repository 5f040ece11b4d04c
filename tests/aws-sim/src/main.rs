//! The simulator as a program: `aws-sim --listen 127.0.0.1:PORT`.

fn main() {}
