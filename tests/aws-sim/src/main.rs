//! The simulator as a program: `aws-sim --listen 127.0.0.1:PORT`.

use std::io::Write as _;
use std::process::ExitCode;

use aws_sim::server::{Options, USAGE, serve};

#[tokio::main]
async fn main() -> ExitCode {
    let ended = match Options::parse(std::env::args().skip(1)) {
        Ok(Some(options)) => serve(options).await.map_err(|err| err.to_string()),
        Ok(None) => {
            // Nobody reads it: no reason to fail.
            drop(std::io::stdout().write_all(USAGE.as_bytes()));
            Ok(())
        }
        Err(mistakes) => Err(format!("{mistakes}\n\n{USAGE}")),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            drop(writeln!(std::io::stderr(), "aws-sim: {err}"));
            ExitCode::FAILURE
        }
    }
}
